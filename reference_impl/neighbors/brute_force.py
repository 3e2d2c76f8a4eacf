"""All pairs, written to be read: the oracle of every other method."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference_impl.box import Box, image_within
from reference_impl.neighbors.lists import HalfList, half_from_pairs
from reference_impl.neighbors.system import checked_system

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["brute_force", "squared_distance"]


def squared_distance(displacement: NDArray[np.float64], box: Box) -> NDArray[np.float64]:
    """Squared length of the nearest image, summed in the order x, y, z: what decides every pair.

    Beyond half the smallest width of a tilted box it may be that of a farther image, which is no neighbor either.
    """
    x, y, z = np.moveaxis(image_within(displacement, box), -1, 0)
    with np.errstate(over="ignore"):  # atoms 1e160 apart are not neighbors, and that is all there is to say
        return x * x + y * y + z * z  # type: ignore[no-any-return]


def brute_force(
    positions: ArrayLike,
    box: ArrayLike | Box | None,
    cutoff: float,
    *,
    periodic: Sequence[bool] = (True, True, True),
) -> HalfList:
    """Half list of the pairs closer than ``cutoff``, in O(N²).

    Parameters and errors are those of :func:`reference_impl.neighbor_list`. Row ``i`` holds ``j > i``, ascending.
    """
    numbers, checked_box, cutoff = checked_system(positions, box, cutoff, periodic)
    rows = [np.empty((0, 2), np.int32)]
    for i in range(len(numbers)):
        near = squared_distance(numbers[i + 1 :] - numbers[i], checked_box) < cutoff * cutoff
        neighbors = i + 1 + np.flatnonzero(near)
        rows.append(np.stack([np.full_like(neighbors, i), neighbors], axis=1).astype(np.int32))
    return half_from_pairs(np.concatenate(rows), len(numbers))
