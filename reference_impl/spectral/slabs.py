"""Parts of an array that hold whole lines along one axis, for what is done line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["slabs"]


def slabs(array: NDArray[Any], axis: int, nbytes: int) -> list[tuple[slice, ...]]:
    """Indices of slabs with all of ``axis``, of about ``nbytes`` or less where one row of another axis allows it.

    All but the last have the same shape, so that what is made for the shape of one serves the others.
    """
    whole = (slice(None),) * array.ndim
    others = [other for other in range(array.ndim) if other != axis]
    if not others or array.nbytes <= nbytes:
        return [whole]
    cut = max(others, key=lambda other: array.shape[other])
    length = array.shape[cut]
    parts = min(length, -(-array.nbytes // nbytes))
    rows = -(-length // parts)
    return [
        (*whole[:cut], slice(start, min(start + rows, length)), *whole[cut + 1 :])
        for start in range(0, length, rows)
    ]
