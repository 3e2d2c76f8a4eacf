"""A product through tiles of bounded size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reference_impl.products.factors import checked_out, result_dtype
from reference_impl.products.sweep import sweep
from reference_impl.products.tiles import least_elements, tiles_within
from reference_impl.whole import whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["chunked_product"]


def chunked_product(
    a: NDArray[Any], b: NDArray[Any], *, memory_bytes: int, out: NDArray[Any] | None = None
) -> NDArray[Any]:
    """``a @ b`` with at most ``memory_bytes`` beside the factors and the result.

    Parameters
    ----------
    a, b
        Shapes (M, K) and (K, N), numbers of any dtype and memory layout. A `numpy.memmap` shows up to 4 MiB of its
        file at a time, beside ``memory_bytes`` (not on Windows, where the system decides).
    memory_bytes
        For tiles of the factors, of their product and of its sum, in the dtype of the result.
    out
        Where the result goes, shape (M, N), of NumPy's dtype for ``a @ b``; a `numpy.memmap` too.

    Returns
    -------
    numpy.ndarray
        ``out``, or a new array.

    Raises
    ------
    ValueError
        For other shapes and dtypes, an ``out`` that is read-only or shares memory with a factor, and for
        ``memory_bytes`` below tiles of 16 by 16 (says what they take).
    """
    memory_bytes = whole(memory_bytes, "memory_bytes")
    dtype = result_dtype(a, b, "iufc")
    out = checked_out(out, a, b, dtype)
    (rows, inner), columns = a.shape, b.shape[1]
    least = least_elements(rows, inner, columns) * dtype.itemsize
    if memory_bytes < least:
        raise ValueError(f"got memory_bytes={memory_bytes}, allowed: at least {least} for these shapes")
    return sweep(a, b, out, tiles_within(rows, inner, columns, memory_bytes // dtype.itemsize), _by_blas)


def _by_blas(left: NDArray[Any], right: NDArray[Any], product: NDArray[Any]) -> None:
    np.matmul(left, right, out=product)
