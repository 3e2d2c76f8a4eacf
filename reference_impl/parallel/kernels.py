"""Inner loops of a domain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference_impl.backends import jit

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["follow", "split"]


@jit
def follow(
    positions: NDArray[np.float64],
    lengths: NDArray[np.float64],
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
        squared = 0.0
        for axis in range(3):
            moved = positions[atoms[k], axis] - before[k, axis]
            if lengths[axis] > 0.0:
                moved -= lengths[axis] * np.rint(moved / lengths[axis])
            now[k, axis] = then[k, axis] + moved
            squared += moved * moved
        largest = max(largest, squared)
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
