"""Arrays that begin where caches and vector registers do."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from reference_impl.whole import whole

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, DTypeLike, NDArray

__all__ = ["CACHE_LINE_BYTES", "aligned_copy", "aligned_empty", "aligned_zeros", "is_aligned"]

CACHE_LINE_BYTES = 64  # also the widest vector register; Apple's cache lines are two of them


def aligned_empty(
    shape: int | Sequence[int],
    dtype: DTypeLike = np.float64,
    *,
    order: Literal["C", "F"] = "C",
    alignment: int = CACHE_LINE_BYTES,
) -> NDArray[Any]:
    """Array whose first element lies at a multiple of ``alignment`` bytes; its elements are not set.

    Parameters
    ----------
    shape, dtype, order
        As `numpy.empty` takes them.
    alignment
        A power of two.

    Raises
    ------
    ValueError
        For a dtype that holds Python objects, an ``alignment`` that is no power of two, a negative length.
    """
    return _placed(np.empty, shape, dtype, order, alignment)


def aligned_zeros(
    shape: int | Sequence[int],
    dtype: DTypeLike = np.float64,
    *,
    order: Literal["C", "F"] = "C",
    alignment: int = CACHE_LINE_BYTES,
) -> NDArray[Any]:
    """As `aligned_empty`, with every byte zero. The system hands out large ones untouched, as for `numpy.zeros`."""
    return _placed(np.zeros, shape, dtype, order, alignment)


def aligned_copy(
    values: ArrayLike, *, order: Literal["C", "F"] = "C", alignment: int = CACHE_LINE_BYTES
) -> NDArray[Any]:
    """``values`` in an array of their own; errors as of `aligned_empty`."""
    given = np.asarray(values)
    copy = aligned_empty(given.shape, given.dtype, order=order, alignment=alignment)
    copy[...] = given
    return copy


def is_aligned(array: NDArray[Any], alignment: int = CACHE_LINE_BYTES) -> bool:
    """Whether the first element lies at a multiple of ``alignment`` bytes."""
    return bool(array.ctypes.data % alignment == 0)


def _placed(
    allocate: Callable[..., NDArray[np.uint8]],
    shape: int | Sequence[int],
    dtype: DTypeLike,
    order: Literal["C", "F"],
    alignment: int,
) -> NDArray[Any]:
    resolved = np.dtype(dtype)
    if resolved.hasobject:
        raise ValueError(f"got dtype {resolved}, which holds objects; allowed: raw memory")
    alignment = whole(alignment, "alignment")
    if alignment < 1 or alignment & (alignment - 1):
        raise ValueError(f"got alignment={alignment}, allowed: powers of two")
    lengths = tuple(whole(length, "length") for length in (shape if np.iterable(shape) else (shape,)))
    if any(length < 0 for length in lengths):
        raise ValueError(f"got shape {lengths}, allowed: lengths >= 0")
    raw = allocate(math.prod(lengths) * resolved.itemsize + alignment, np.uint8)
    placed: NDArray[Any] = np.ndarray(
        lengths, resolved, raw, offset=-raw.ctypes.data % alignment, order=order
    )
    return placed
