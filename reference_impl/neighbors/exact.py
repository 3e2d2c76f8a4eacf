"""The oracle's own arithmetic, for the few pairs that rounding could move over the cutoff."""

# ruff: noqa: PLR0913, PLR0917 - compiled functions take what they need one by one

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference_impl.backends import jit, jit_inline
from reference_impl.neighbors.sort import turn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reference_impl.neighbors.grid import Grid
    from reference_impl.neighbors.search import Search
    from reference_impl.neighbors.stencil import Stencil

__all__ = ["find_exactly", "is_pair"]


@jit_inline
def is_pair(
    positions: NDArray[np.float64], i: int, j: int, seen: tuple[float, float, float], grid: Grid
) -> bool:
    """Whether atom ``j``, ``seen`` from atom ``i`` in the frame, is *the* image of it, and closer than the cutoff.

    At half the width of the box two images are equally far, and a pair must not count twice.
    """
    dx = positions[j, 0] - positions[i, 0]
    dy = positions[j, 1] - positions[i, 1]
    dz = positions[j, 2] - positions[i, 2]
    x, y, z = dx, dy, dz
    for axis in range(3):
        inverse, vector = grid.inverse, grid.vectors[axis]
        whole = np.rint(dx * inverse[0][axis] + dy * inverse[1][axis] + dz * inverse[2][axis])
        x -= whole * vector[0]
        y -= whole * vector[1]
        z -= whole * vector[2]
    if not x * x + y * y + z * z < grid.cutoff * grid.cutoff:
        return False
    u, v, w = turn(x, y, z, grid.frame)
    # Images are two cutoffs apart, and what was seen is right to far less than one.
    return (u - seen[0]) ** 2 + (v - seen[1]) ** 2 + (w - seen[2]) ** 2 < 0.25


@jit
def find_exactly(
    search: Search, stencil: Stencil, begin: NDArray[np.int32], end: NDArray[np.int32], at: int, i: int, rows: int,
    groups: int, found: NDArray[np.int32], k: int,
) -> int:  # fmt: skip
    """Neighbors of sorted atom ``i`` into ``found[k:]``; asks the oracle about those in doubt."""
    x, y, z, labels, _, order = search.atoms
    inner, outer = x.dtype.type(search.grid.inner), x.dtype.type(search.grid.outer)
    name = order[labels[i]] if len(order) else labels[i]
    for g in range(groups):
        shift = stencil.shifts[g]
        cx = x[i] - shift[0]
        if cx < 0:
            cx += stencil.numbers[4]
        for s in range(rows):
            if stencil.members[g, s] == 0:
                continue
            for j in range(begin[at + s], end[at + s]):
                seen = (x[j] - cx, y[j] - (y[i] - shift[1]), z[j] - (z[i] - shift[2]))
                squared = seen[0] * seen[0] + seen[1] * seen[1] + seen[2] * seen[2]
                if not squared < outer:
                    continue
                other = order[labels[j]] if len(order) else labels[j]
                found[k] = labels[j]
                k += squared < inner or is_pair(search.positions, name, other, seen, search.grid)
    return k
