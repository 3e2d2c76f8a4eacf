"""The loop over atoms: the neighbors of one after the other, counted, listed, or put in their place."""
# ruff: noqa: C901, FBT001, PLR0912, PLR0913, PLR0917 - compiled functions take no keywords

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference_impl.backends import jit
from reference_impl.neighbors.exact import find_exactly
from reference_impl.neighbors.lanes import (
    FRONT,
    LANES,
    copy,
    count_vector,
    plan_portable,
    plan_vector,
    prefetch,
    sweep_portable,
    sweep_vector,
)
from reference_impl.neighbors.stencil import MAX_ROWS, set_stencil

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reference_impl.neighbors.search import Search
    from reference_impl.neighbors.stencil import Stencil

__all__ = ["COUNT", "FILL", "LIST", "sweep_rows"]

COUNT, LIST, FILL = 0, 1, 2


@jit
def sweep_rows(
    search: Search,
    stencil: Stencil,
    first_row: int,
    stop_row: int,
    resume: int,
    found: NDArray[np.int32],
    room: int,
    counts: NDArray[np.int64],
    indices: NDArray[np.int32],
    task: int,
    vectors: bool,
) -> tuple[int, int, int]:
    """Sweep the atoms of some rows of cells, from sorted atom ``resume`` on.

    `COUNT` writes the number of pairs of label ``a`` to ``counts[a + 1]``. `LIST` does, and lists the labels in
    ``found`` one atom after the other, as long as there is ``room`` for all that one atom could have. `FILL`
    writes the labels to ``indices[counts[a]:]``.

    Returns
    -------
    row, atom, listed
        Where it stopped for want of room, or ``stop_row``; and how much is listed.
    """
    x, y, z, labels, starts, _ = search.atoms
    low, high, front, along = stencil.low, stencil.high, stencil.front, stencil.along
    members, base, shifts, numbers = stencil.members, stencil.base, stencil.shifts, stencil.numbers
    grid, flat = search.grid, starts.reshape(-1)
    inner, outer = x.dtype.type(grid.inner), x.dtype.type(grid.outer)
    begin, end = np.zeros(2 * MAX_ROWS, np.int32), np.zeros(2 * MAX_ROWS, np.int32)
    todo = np.empty(room // LANES + MAX_ROWS + LANES, np.int32)
    k, last = 0, len(labels) - 1
    for row in range(first_row, stop_row):
        rows, groups = set_stencil(grid, row, stencil)
        blocks = (rows + 7) // 8
        start, stop = max(starts[row, grid.ghosts], resume), starts[row, grid.ghosts + grid.counts[0]]
        for i in range(start, stop):
            if task == LIST and k + room > len(found):
                return row, i, k
            # The stretches of an atom are planned before the one in front of it is swept. How many vectors they are
            # is guessed by the processor, wrongly more often than not, and that shows once a plan is ready.
            for n in range(i + (i > start), min(i + 2, stop)):
                for block in range(blocks):
                    if vectors:
                        plan_vector(
                            low, high, front, along, base, numbers, flat, block, n, x[n], y[n], z[n],
                            begin, end, MAX_ROWS * (n & 1),
                        )  # fmt: skip
                    else:
                        plan_portable(
                            low, high, front, along, base, numbers, flat, block, n, x[n], y[n], z[n],
                            begin, end, MAX_ROWS * (n & 1),
                        )  # fmt: skip
            at = MAX_ROWS * (i & 1)
            before, doubt = k, False
            if task != LIST:
                # Rows lie anywhere, and waiting for one costs two.
                prefetch(counts, labels[min(i + 16, last)])
                for line in range(4 * (task == FILL)):
                    prefetch(indices, counts[labels[min(i + 8, last)]] + 16 * line)
            for g in range(groups):
                cx = x[i] - shifts[g, 0]
                if cx < 0:
                    cx += numbers[4]
                cy, cz = y[i] - shifts[g, 1], z[i] - shifts[g, 2]
                place = (
                    x, y, z, labels, begin, end, at, members, g, blocks, cx, cy, cz, inner, outer, FRONT, todo, found,
                )  # fmt: skip
                if vectors and task == COUNT:
                    k, unsure = count_vector(*place, k)
                elif vectors:
                    k, unsure = sweep_vector(*place, k)
                else:
                    k, unsure = sweep_portable(*place, k)
                doubt |= unsure
            if doubt:
                k = find_exactly(search, stencil, begin, end, at, i, rows, groups, found, before)
            label = labels[i]
            if task == FILL:
                copy(found, 0, indices, counts[label], k)
            else:
                counts[label + 1] = k - before
            if task != LIST:
                k = 0
    return stop_row, 0, k
