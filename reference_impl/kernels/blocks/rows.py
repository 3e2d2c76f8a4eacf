"""Which blocks hold neighbors of an atom: the rows of a half list, in terms of vectors instead of atoms.

The row of an atom says how many int32 follow, then come runs: an image of the box and how many blocks it has
(``image + IMAGES * blocks``), and the offsets of those blocks among the coordinates. A block is in the row when an
atom of it is within reach in that image. Of two blocks one has the other in its rows: that which comes first, where
going from column to column and then up along z is forward, also across the boundary. Pairs inside a block are in no
row. Rows stand in the order of the slots, without those of empty ones.
"""
# ruff: noqa: PLR0913, PLR0917 - compiled functions take no keywords

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from reference_impl.backends import jit
from reference_impl.kernels.blocks.candidates import find_around, find_candidates
from reference_impl.kernels.blocks.images import IMAGES
from reference_impl.vectors.values import any_below, fma, item, lanes, load, splat

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reference_impl.kernels.blocks.layout import Columns, Order

__all__ = ["Rows", "fill_rows", "new_rows"]


class Rows(NamedTuple):
    """``entries`` (T, capacity), int32: the rows of each thread's blocks.

    ``touched`` (T, blocks) says which blocks the rows of which thread reach. The rest is room for building:
    ``near`` (T, candidates) for the blocks near one block, ``runs`` (T, IMAGES + 1, 2) for where each image of
    them begins, ``around`` (T, K, 6) for the columns around one column.
    """

    entries: NDArray[np.int32]
    touched: NDArray[np.bool_]
    near: NDArray[np.int32]
    runs: NDArray[np.int64]
    around: NDArray[np.int64]


def new_rows(entries: int, candidates: int, columns: Columns, blocks: int, threads: int) -> Rows:
    return Rows(
        entries=np.zeros((threads, entries), np.int32),
        touched=np.zeros((threads, blocks), np.bool_),
        near=np.zeros((threads, candidates), np.int32),
        runs=np.zeros((threads, IMAGES + 1, 2), np.int64),
        around=np.zeros((threads, len(columns.steps), 6), np.int64),
    )


@jit
def fill_rows(order: Order, columns: Columns, rows: Rows, pairs: Any, shifts: Any, mine: int) -> bool:
    """Rows of the blocks of thread ``mine``, for the coordinates ``pairs`` (3 M,). False where room is too little.

    ``shifts`` are :func:`reference_impl.kernels.blocks.images.image_shifts`, with the dtype of ``pairs``.
    """
    width = lanes(pairs)
    entries, touched, near, runs = rows.entries[mine], rows.touched[mine], rows.near[mine], rows.runs[mine]
    around = rows.around[mine]
    touched[:] = False
    k = 0
    for column in range(order.shares[mine], order.shares[mine + 1]):
        columns_around = find_around(order, columns, column, around)
        for block in range(order.starts[column], order.starts[column + 1]):
            used = find_candidates(order, columns, block, around[:columns_around], near, runs)
            candidates = runs[used, 1]
            if used < 0 or k + width * (1 + used + candidates) > len(entries):
                return False
            touched[block] = True
            for c in range(candidates):
                touched[near[c]] = True
                near[c] *= 3 * width
            k = _fill_block(
                order.names, block, near, runs[: used + 1], pairs, shifts, columns.reach, entries, k
            )
    return True


@jit
def _fill_block(
    names: NDArray[np.int32],
    block: int,
    near: NDArray[np.int32],
    runs: NDArray[np.int64],
    pairs: Any,
    shifts: Any,
    reach: float,
    entries: NDArray[np.int32],
    k: int,
) -> int:
    """Rows of the atoms of ``block`` to ``entries[k:]``, chosen from ``near``; the new ``k``."""
    width, real = lanes(pairs), pairs.dtype.type
    limit = splat(real(reach * reach))
    for slot in range(block * width, (block + 1) * width):
        if names[slot] < 0:
            break
        at, row = slot + 2 * width * block, k
        k += 1
        for r in range(len(runs) - 1):
            image, run = runs[r, 0], k
            x = splat(real(pairs[at] - shifts[3 * image]))
            y = splat(real(pairs[at + width] - shifts[3 * image + 1]))
            z = splat(real(pairs[at + 2 * width] - shifts[3 * image + 2]))
            k += 1
            for c in range(runs[r, 1], runs[r + 1, 1]):
                j = item(near, c)
                dx, dy, dz = load(pairs, j) - x, load(pairs, j + width) - y, load(pairs, j + 2 * width) - z
                entries[k] = j  # always written, kept only when counted: no branch to mispredict
                k += any_below(fma(dz, dz, fma(dy, dy, dx * dx)), limit)
            if k == run + 1:
                k = run
            else:
                entries[run] = image + IMAGES * (k - run - 1)
        entries[row] = k - row - 1
    return k
