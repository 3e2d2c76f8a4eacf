"""Neighbors in compressed sparse rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from reference_impl.backends import jit

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FullList", "HalfList", "found_list", "full_from_half", "half_from_pairs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfList:
    """Each pair once, in the row of either atom.

    ``indptr`` has shape (N + 1,), int64; ``indices`` has shape (pairs,), int32. ``order`` is ``None`` where rows
    and indices are the caller's atoms. In the sorted order it has shape (N,), int32, and this is the list of
    ``positions[order]``: atoms that are near in space are near in memory.

    Raises
    ------
    ValueError
        For arrays that name atoms or pairs that there are not: compiled loops would go there.
    """

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    order: NDArray[np.int32] | None = None

    def __post_init__(self) -> None:
        _check(self.indptr, self.indices, self.order)

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
    """Each pair in the rows of both its atoms; arrays and errors as of :class:`HalfList`."""

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    order: NDArray[np.int32] | None = None

    def __post_init__(self) -> None:
        _check(self.indptr, self.indices, self.order)

    @property
    def nbytes(self) -> int:
        return _nbytes(self)

    def pairs(self) -> NDArray[np.int32]:
        """Shape (2 * pairs, 2), both directions, sorted."""
        return _sorted(_expand(self.indptr, self.indices))


_List = TypeVar("_List", HalfList, FullList)


def found_list(
    kind: type[_List],
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    order: NDArray[np.int32] | None = None,
) -> _List:
    """A list whose arrays are known to be right: to look at all of them takes a tenth of the time to find them."""
    found = object.__new__(kind)
    for name, array in (("indptr", indptr), ("indices", indices), ("order", order)):
        object.__setattr__(found, name, array)
    return found


def _check(indptr: NDArray[np.int64], indices: NDArray[np.int32], order: NDArray[np.int32] | None) -> None:
    if indptr.ndim != 1 or not len(indptr) or indptr.dtype.kind not in "iu":
        raise ValueError(
            f"got an indptr of shape {indptr.shape}, {indptr.dtype}, allowed: (N + 1,), integers"
        )
    if indices.ndim != 1 or indices.dtype.kind not in "iu":
        raise ValueError(
            f"got indices of shape {indices.shape}, {indices.dtype}, allowed: one axis of integers"
        )
    atoms = len(indptr) - 1
    if (indptr[0], indptr[-1]) != (0, len(indices)):
        told = f"from {indptr[0]} to {indptr[-1]}, allowed: 0 to {len(indices)}, the number of indices"
        raise ValueError(f"got an indptr {told}")
    falling = np.flatnonzero(indptr[1:] < indptr[:-1])
    if len(falling):
        row = falling[0]
        told = f"falls from {indptr[row]} to {indptr[row + 1]} in row {row}"
        raise ValueError(f"got an indptr that {told}, allowed: one that does not")
    if len(indices) and not 0 <= indices.min() <= indices.max() < atoms:
        told = f"from {indices.min()} to {indices.max()}, allowed: 0 to {atoms - 1}, the atoms"
        raise ValueError(f"got indices {told}")
    if order is not None and not (
        order.ndim == 1 and order.dtype.kind in "iu" and np.array_equal(np.sort(order), np.arange(atoms))
    ):
        told = f"of shape {order.shape}, {order.dtype}, allowed: ({atoms},), each of 0 to {atoms - 1} once"
        raise ValueError(f"got an order {told}")


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
    return found_list(HalfList, indptr, np.ascontiguousarray(pairs[:, 1], np.int32))


def full_from_half(half: HalfList) -> FullList:
    """Both directions of ``half``, in O(pairs)."""
    # Longer by one, so that filling the rows turns their starts into the final indptr in place.
    cursor = np.zeros(len(half.indptr) + 1, np.int64)
    indices = np.empty(2 * len(half.indices), np.int32)
    _mirror(half.indptr, half.indices, cursor, indices)
    return found_list(FullList, cursor[:-1], indices, half.order)


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
