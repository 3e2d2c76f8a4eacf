"""Neighbors in compressed sparse rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reference_impl.backends import jit

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FullList", "HalfList", "full_from_half", "half_from_pairs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfList:
    """Each pair once, in the row of either atom.

    ``indptr`` has shape (N + 1,), int64; ``indices`` has shape (pairs,), int32. ``order`` is ``None`` where rows
    and indices are the caller's atoms. In the sorted order it has shape (N,), int32, and this is the list of
    ``positions[order]``: atoms that are near in space are near in memory.
    """

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    order: NDArray[np.int32] | None = None

    @property
    def nbytes(self) -> int:
        return _nbytes(self)

    def pairs(self) -> NDArray[np.int32]:
        """Shape (pairs, 2), the lower atom first, sorted: the same set gives the same array.

        Atoms are named as in the rows; ``order[pairs]`` are the caller's, where there is an order.
        """
        return _sorted(np.sort(_expand(self.indptr, self.indices), axis=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class FullList:
    """Each pair in the rows of both its atoms; arrays as in :class:`HalfList`."""

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    order: NDArray[np.int32] | None = None

    @property
    def nbytes(self) -> int:
        return _nbytes(self)

    def pairs(self) -> NDArray[np.int32]:
        """Shape (2 * pairs, 2), both directions, sorted."""
        return _sorted(_expand(self.indptr, self.indices))


def _nbytes(rows: HalfList | FullList) -> int:
    order = 0 if rows.order is None else rows.order.nbytes
    return rows.indptr.nbytes + rows.indices.nbytes + order


def _expand(indptr: NDArray[np.int64], indices: NDArray[np.int32]) -> NDArray[np.int32]:
    rows = np.repeat(np.arange(len(indptr) - 1, dtype=np.int32), np.diff(indptr))
    return np.stack([rows, indices], axis=1)


def _sorted(pairs: NDArray[np.int32]) -> NDArray[np.int32]:
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def half_from_pairs(pairs: NDArray[np.int32], atoms: int) -> HalfList:
    """List of sorted ``pairs`` of shape (pairs, 2), each in the row of its first atom."""
    indptr = np.zeros(atoms + 1, np.int64)
    np.cumsum(np.bincount(pairs[:, 0], minlength=atoms), out=indptr[1:])
    return HalfList(indptr=indptr, indices=np.ascontiguousarray(pairs[:, 1], np.int32))


def full_from_half(half: HalfList) -> FullList:
    """Both directions of ``half``, in O(pairs)."""
    # Longer by one, so that filling the rows turns their starts into the final indptr in place.
    cursor = np.zeros(len(half.indptr) + 1, np.int64)
    indices = np.empty(2 * len(half.indices), np.int32)
    _mirror(half.indptr, half.indices, cursor, indices)
    return FullList(indptr=cursor[:-1], indices=indices, order=half.order)


@jit
def _mirror(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    cursor: NDArray[np.int64],
    mirrored: NDArray[np.int32],
) -> None:
    atoms = len(indptr) - 1
    for i in range(atoms):
        cursor[i + 2] += indptr[i + 1] - indptr[i]
        for k in range(indptr[i], indptr[i + 1]):
            cursor[indices[k] + 2] += 1
    for i in range(2, atoms + 2):
        cursor[i] += cursor[i - 1]
    for i in range(atoms):
        for k in range(indptr[i], indptr[i + 1]):
            j = indices[k]
            mirrored[cursor[i + 1]] = j
            mirrored[cursor[j + 1]] = i
            cursor[i + 1] += 1
            cursor[j + 1] += 1
