"""The same over rows of blocks, a vector of pairs at a time."""
# ruff: noqa: PLR0913, PLR0915, PLR0917 - flat, and without keywords, as compiled loops are

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reference_impl.backends import jit
from reference_impl.kernels.blocks.images import IMAGES
from reference_impl.vectors.values import fma, item, lanes, load, splat, store, sum_of, where_below

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ENERGY_UNIT", "PULL_UNIT", "add_pulls", "lane_tables"]

PULL_UNIT = 48.0  # of the forces and the virial that add_pulls gives
ENERGY_UNIT = 4.0


def lane_tables(width: int, cutoff: float, dtype: type[np.floating]) -> NDArray[Any]:
    """For each lane, shape (2, width * width): limits that let only the lanes after it pass, and a one at itself."""
    after = np.arange(width) > np.arange(width)[:, None]
    return np.array([np.where(after, cutoff**2, -1.0).ravel(), np.eye(width).ravel()]).astype(dtype)


@jit
def add_pulls(
    names: NDArray[np.int32],
    first: int,
    stop: int,
    entries: NDArray[np.int32],
    pairs: Any,
    shifts: Any,
    tables: Any,
    cutoff_squared: float,
    pulls: Any,
    sums: Any,
) -> None:
    """Add what the rows of blocks ``first:stop`` say to ``pulls`` (3 M,), in ``PULL_UNIT``, both atoms of a pair.

    ``sums`` is None, or takes energy and virial, shape (2,), float64, in their units. All else is of the dtype of
    the coordinates ``pairs`` (3 M,); rows are those of :mod:`reference_impl.kernels.blocks.rows`.
    """
    width, real = lanes(pairs), pairs.dtype.type
    zero, one, minus_half = splat(real(0.0)), splat(real(1.0)), splat(real(-0.5))
    limit = splat(real(cutoff_squared))
    limits, ones = tables[0], tables[1]
    energy, virial = 0.0, 0.0
    k = 0
    for block in range(first, stop):
        at = 3 * width * block
        block_x, block_y, block_z = zero, zero, zero
        for lane in range(width):
            if item(names, block * width + lane) < 0:
                break
            x, y, z = (
                item(pairs, at + lane),
                item(pairs, at + width + lane),
                item(pairs, at + 2 * width + lane),
            )
            dx = load(pairs, at) - splat(x)
            dy = load(pairs, at + width) - splat(y)
            dz = load(pairs, at + 2 * width) - splat(z)
            r_squared = fma(dz, dz, fma(dy, dy, dx * dx))
            r2 = one / r_squared
            r4 = r2 * r2
            pull = where_below(r_squared, load(limits, lane * width), fma(r4, r2, minus_half) * (r4 * r4))
            own_x, own_y, own_z = pull * dx, pull * dy, pull * dz
            block_x, block_y, block_z = block_x + own_x, block_y + own_y, block_z + own_z
            if sums is not None:
                r6 = r4 * r2
                row_energy = where_below(r_squared, load(limits, lane * width), r6 * (r6 - one))
                row_virial = pull * r_squared
            row_end = k + 1 + item(entries, k)
            k += 1
            while k < row_end:
                run = item(entries, k)
                image = run % IMAGES
                run_end = k + 1 + run // IMAGES
                image_x = splat(real(x - item(shifts, 3 * image)))
                image_y = splat(real(y - item(shifts, 3 * image + 1)))
                image_z = splat(real(z - item(shifts, 3 * image + 2)))
                for e in range(k + 1, run_end):
                    j = item(entries, e)
                    dx = load(pairs, j) - image_x
                    dy = load(pairs, j + width) - image_y
                    dz = load(pairs, j + 2 * width) - image_z
                    r_squared = fma(dz, dz, fma(dy, dy, dx * dx))
                    r2 = one / r_squared
                    r4 = r2 * r2
                    pull = where_below(r_squared, limit, fma(r4, r2, minus_half) * (r4 * r4))
                    own_x, own_y, own_z = fma(pull, dx, own_x), fma(pull, dy, own_y), fma(pull, dz, own_z)
                    store(pulls, j, fma(pull, dx, load(pulls, j)))
                    store(pulls, j + width, fma(pull, dy, load(pulls, j + width)))
                    store(pulls, j + 2 * width, fma(pull, dz, load(pulls, j + 2 * width)))
                    if sums is not None:
                        r6 = r4 * r2
                        row_energy = row_energy + where_below(r_squared, limit, r6 * (r6 - one))
                        row_virial = fma(pull, r_squared, row_virial)
                k = run_end
            # Collected for the block and added once: adding to single lanes of what is next read as a vector stalls.
            here = load(ones, lane * width)
            block_x = block_x - here * splat(sum_of(own_x))
            block_y = block_y - here * splat(sum_of(own_y))
            block_z = block_z - here * splat(sum_of(own_z))
            if sums is not None:
                energy += sum_of(row_energy)
                virial += sum_of(row_virial)
        store(pulls, at, load(pulls, at) + block_x)
        store(pulls, at + width, load(pulls, at + width) + block_y)
        store(pulls, at + 2 * width, load(pulls, at + 2 * width) + block_z)
    if sums is not None:
        sums[0], sums[1] = energy, virial
