"""Inner loops of a domain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference_impl.backends import jit
from reference_impl.box import nearest_image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reference_impl.box import Box

__all__ = ["follow", "split"]


@jit
def follow(
    positions: NDArray[np.float64],
    box: Box,
    atoms: NDArray[np.intp],
    before: NDArray[np.float64],
    then: NDArray[np.float64],
    now: NDArray[np.float64],
) -> float:
    """Move the images of ``atoms`` as they moved, and return the largest squared displacement.

    ``then`` and ``now`` of shape (M, 3) are where the images were and are, ``before`` where their atoms were when
    the images were ``then``. Displacements are those of the nearest image: a wrapped atom stays what it was.
    """
    largest = 0.0
    for k in range(len(atoms)):
        x, y, z = nearest_image(
            positions[atoms[k], 0] - before[k, 0],
            positions[atoms[k], 1] - before[k, 1],
            positions[atoms[k], 2] - before[k, 2],
            box,
        )
        now[k, 0], now[k, 1], now[k, 2] = then[k, 0] + x, then[k, 1] + y, then[k, 2] + z
        largest = max(largest, x * x + y * y + z * z)
    return largest


@jit
def split(
    indptr: NDArray[np.int64], indices: NDArray[np.int32], owned: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64], NDArray[np.int32]]:
    """Two half lists out of one: pairs of the first ``owned`` atoms, and pairs of one of them and another atom.

    The pairs of two other atoms belong to other domains. The first list has only the rows of the owned atoms.
    """
    atoms = len(indptr) - 1
    inner, rim = np.zeros(owned + 1, np.int64), np.zeros(atoms + 1, np.int64)
    for i in range(atoms):
        within, across = 0, 0
        for k in range(indptr[i], indptr[i + 1]):
            if (i < owned) != (indices[k] < owned):
                across += 1
            elif i < owned:
                within += 1
        rim[i + 1] = rim[i] + across
        if i < owned:
            inner[i + 1] = inner[i] + within
    inner_indices, rim_indices = np.empty(inner[owned], np.int32), np.empty(rim[atoms], np.int32)
    within, across = 0, 0
    for i in range(atoms):
        for k in range(indptr[i], indptr[i + 1]):
            j = indices[k]
            if (i < owned) != (j < owned):
                rim_indices[across] = j
                across += 1
            elif i < owned:
                inner_indices[within] = j
                within += 1
    return inner, inner_indices, rim, rim_indices
