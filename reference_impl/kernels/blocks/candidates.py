"""Blocks that may be near a block, by the boxes around them: what the rows of its atoms are chosen from."""
# ruff: noqa: C901, PLR0912 - flat, as compiled loops are

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reference_impl.backends import jit
from reference_impl.kernels.blocks.images import image_number
from reference_impl.vectors.values import bits_below, fma, lanes, larger, load, splat

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from reference_impl.kernels.blocks.layout import Columns, Order

__all__ = ["find_around", "find_bounds", "find_candidates"]


@jit
def find_bounds(order: Order, places: NDArray[np.float64], pairs: Any, first: int, stop: int) -> None:
    """Boxes around the blocks ``first:stop``, whose lanes are filled from the first on."""
    width = lanes(pairs)
    for block in range(first, stop):
        for axis in range(3):
            at = (3 * block + axis) * width
            low = high = places[at]
            for lane in range(1, width):
                if order.source[block * width + lane] >= 0:
                    low, high = min(low, places[at + lane]), max(high, places[at + lane])
            order.bounds[2 * axis, block], order.bounds[2 * axis + 1, block] = low, high


@jit
def find_around(order: Order, columns: Columns, column: int, around: NDArray[np.int64]) -> int:
    """Columns that rows of ``column`` reach, its own first, those of one image together; how many there are.

    Each is (x, y of the column, dx, dy of the image, whether it is its own, first block that is not too low).
    """
    nx, ny = columns.counts[0], columns.counts[1]
    found = 0
    for image_x in range(2):
        for image_y in (0, -1, 1):
            for s in range(len(columns.steps)):
                x = column // ny + columns.steps[s, 0] - image_x * nx
                y = column % ny + columns.steps[s, 1] - image_y * ny
                if 0 <= x < nx and 0 <= y < ny:
                    around[found, 0], around[found, 1] = x, y
                    around[found, 2], around[found, 3] = image_x, image_y
                    around[found, 4], around[found, 5] = s == 0, order.starts[x * ny + y]
                    found += 1
    return found


@jit
def find_candidates(
    order: Order,
    columns: Columns,
    block: int,
    around: NDArray[np.int64],
    near: NDArray[np.int32],
    runs: NDArray[np.int64],
) -> int:
    """Blocks near ``block`` and forward of it, images together, into ``near``; -1 where they do not fit.

    Returns how many images there are: ``runs[r, 0]`` is the number of one, its blocks are
    ``near[runs[r, 1]:runs[r + 1, 1]]``. Blocks of a column must be asked for upward, after :func:`find_around`.
    """
    starts, bounds = order.starts, order.bounds
    low_x, high_x, low_y, high_y, low_z, high_z = (
        bounds[0],
        bounds[1],
        bounds[2],
        bounds[3],
        bounds[4],
        bounds[5],
    )
    real, step = low_x.dtype.type, lanes(low_x)
    limit, zero = splat(real(columns.reach**2)), splat(real(0.0))
    right = left = back = front = zero
    found, used = 0, 0
    for image_z in (0, -1, 1):
        shift_z = image_z * columns.lengths[2]
        bottom, top = low_z[block] - shift_z - columns.reach, high_z[block] - shift_z + columns.reach
        if top < 0.0 or bottom > columns.lengths[2]:
            continue
        above, below = splat(real(high_z[block] - shift_z)), splat(real(low_z[block] - shift_z))
        for c in range(len(around)):
            if around[c, 4] and image_z < 0:
                continue
            column = around[c, 0] * columns.counts[1] + around[c, 1]
            first, stop = starts[column], starts[column + 1]
            if image_z == 0:
                first = around[c, 5]
                while first < stop and high_z[first] < bottom:
                    first += 1
                around[c, 5] = first
                if around[c, 4]:
                    first = block + 1
            elif image_z < 0:
                lowest, first = first, stop
                while first > lowest and high_z[first - 1] >= bottom:
                    first -= 1
            if found + stop - first + step > len(near):
                return -1
            image = image_number(around[c, 2], around[c, 3], image_z)
            if used == 0 or runs[used - 1, 0] != image:
                runs[used, 0], runs[used, 1] = image, found
                used += 1
                shift_x, shift_y = around[c, 2] * columns.lengths[0], around[c, 3] * columns.lengths[1]
                right, left = splat(real(high_x[block] - shift_x)), splat(real(low_x[block] - shift_x))
                back, front = splat(real(high_y[block] - shift_y)), splat(real(low_y[block] - shift_y))
            while first < stop and low_z[first] <= top:
                gap_x = larger(larger(load(low_x, first) - right, left - load(high_x, first)), zero)
                gap_y = larger(larger(load(low_y, first) - back, front - load(high_y, first)), zero)
                gap_z = larger(larger(load(low_z, first) - above, below - load(high_z, first)), zero)
                near_bits = bits_below(fma(gap_z, gap_z, fma(gap_y, gap_y, gap_x * gap_x)), limit)
                if stop - first < step:
                    near_bits &= (1 << (stop - first)) - 1
                for k in range(step):  # always written, kept only when counted
                    near[found] = first + k
                    found += near_bits >> k & 1
                first += step
    runs[used, 1] = found
    return used
