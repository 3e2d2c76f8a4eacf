"""Atoms into columns and blocks, by all threads together; O(N) for atoms that were sorted a little while ago."""
# ruff: noqa: PLR0913, PLR0917 - compiled functions take no keywords

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reference_impl.backends import jit
from reference_impl.kernels.team import meet
from reference_impl.neighbors.sort import wrap
from reference_impl.neighbors.system import MAX_CUTOFFS
from reference_impl.vectors.values import lanes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from reference_impl.kernels.blocks.layout import Columns, Order

__all__ = ["gather", "share_of", "sort"]


@jit
def share_of(order: Order, mine: int) -> tuple[int, int]:
    """First block of thread ``mine``, and the first behind its last."""
    return order.starts[order.shares[mine]], order.starts[order.shares[mine + 1]]


@jit
def sort(
    order: Order,
    columns: Columns,
    places: NDArray[np.float64],
    pairs: Any,
    flags: NDArray[np.int64],
    counters: NDArray[np.int64],
    threads: int,
    mine: int,
) -> bool:
    """Wrap ``places`` (3 M,) into the box and find where each slot comes from in the sorted order: ``order.source``.

    ``pairs`` has the dtype of the forces, which decides how wide blocks are. False when a coordinate is not finite, or
    so large that rounding is all that is left of it in the box; it then stays as it is.
    """
    width = lanes(pairs)
    counts, slots = order.counts, len(order.names)
    first, stop = slots * mine // threads, slots * (mine + 1) // threads
    flags[mine] = not _find_columns(order, columns, places, width, first, stop, counts[mine])
    meet(counters, threads, mine)
    for t in range(threads):
        if flags[t]:
            return False
    if mine == 0:
        _place_columns(order, width, threads)
    meet(counters, threads, mine)
    for slot in range(first, stop):
        if order.names[slot] >= 0:
            column = order.columns[slot]
            order.source[counts[mine, column]] = slot
            counts[mine, column] += 1
    meet(counters, threads, mine)
    for column in range(order.shares[mine], order.shares[mine + 1]):
        end = counts[threads - 1, column]  # its last atom's, now that all are counted in
        _sort_by_height(order, places, width, order.starts[column] * width, end)
        order.source[end : order.starts[column + 1] * width] = -1
    return True


@jit
def _find_columns(
    order: Order,
    columns: Columns,
    places: NDArray[np.float64],
    width: int,
    first: int,
    stop: int,
    counts: NDArray[np.int64],
) -> bool:
    """Column of each of the slots ``first:stop``, and how many atoms each column gets; whether none is lost."""
    counts[:] = 0
    farthest, all_here = MAX_CUTOFFS * columns.reach, True
    for slot in range(first, stop):
        if order.names[slot] < 0:
            continue
        at, column = slot + slot // width * 2 * width, 0
        for axis in range(3):
            if not abs(places[at]) <= farthest:  # NaN as well
                all_here = False
                break
            coordinate = wrap(places[at], columns.lengths[axis])
            places[at] = coordinate
            at += width
            if axis < 2:
                nearest = int(coordinate / columns.widths[axis])
                column = column * columns.counts[axis] + min(max(nearest, 0), columns.counts[axis] - 1)
        order.columns[slot] = column
        counts[column] += 1
    return all_here


@jit
def _place_columns(order: Order, width: int, threads: int) -> None:
    """From counts to the first slots of each thread's atoms in each column, and columns to threads."""
    starts, counts, block = order.starts, order.counts, 0
    for column in range(len(starts) - 1):
        starts[column] = block
        slot = block * width
        for t in range(threads):
            slot, counts[t, column] = slot + counts[t, column], slot
        block = (slot + width - 1) // width
    starts[-1] = block
    column = 0
    for t in range(threads):
        while starts[column] < block * t // threads:
            column += 1
        order.shares[t] = column
    order.shares[threads] = len(starts) - 1


@jit
def _sort_by_height(order: Order, places: NDArray[np.float64], width: int, first: int, stop: int) -> None:
    """Shell's sort of ``order.source[first:stop]`` by z: one pass over a column that is sorted already."""
    source, heights = order.source, order.heights
    for k in range(first, stop):
        slot = source[k]
        heights[k] = places[slot + (slot // width + 1) * 2 * width]
    gap = 1
    while gap < (stop - first) // 9:
        gap = 3 * gap + 1
    while gap > 0:
        for k in range(first + gap, stop):
            height, slot, to = heights[k], source[k], k
            while to - gap >= first and heights[to - gap] > height:
                heights[to], source[to] = heights[to - gap], source[to - gap]
                to -= gap
            heights[to], source[to] = height, slot
        gap //= 3


@jit
def gather(
    order: Order,
    first: int,
    stop: int,
    old: NDArray[np.float64],
    new: NDArray[np.float64],
    pairs: Any,
    empty: float,
) -> None:
    """Coordinates for blocks ``first:stop`` from where their atoms stood; ``empty`` is the x where there is none."""
    width = lanes(pairs)
    for block in range(first, stop):
        for lane in range(width):
            to, slot = block * 3 * width + lane, order.source[block * width + lane]
            if slot < 0:
                new[to], new[to + width], new[to + 2 * width] = empty, 0.0, 0.0
            else:
                at = slot + slot // width * 2 * width
                new[to], new[to + width], new[to + 2 * width] = old[at], old[at + width], old[at + 2 * width]
