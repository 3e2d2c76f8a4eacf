"""What products are given, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["checked_out", "result_dtype"]


def result_dtype(a: NDArray[Any], b: NDArray[Any], kinds: str) -> np.dtype[Any]:
    """That of ``a @ b``.

    Raises
    ------
    ValueError
        For shapes other than (M, K) and (K, N), and for dtypes not of ``kinds``.
    """
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0]:
        raise ValueError(f"got shapes {a.shape} and {b.shape}, allowed: (M, K) and (K, N)")
    dtype = np.result_type(a, b)
    if a.dtype.kind not in kinds or b.dtype.kind not in kinds:
        names = {"i": "integers", "u": "unsigned integers", "f": "floats", "c": "complex numbers"}
        allowed = ", ".join(names[kind] for kind in kinds)
        raise ValueError(f"got dtypes {a.dtype} and {b.dtype}, allowed: {allowed}")
    return dtype


def checked_out(
    out: NDArray[Any] | None, a: NDArray[Any], b: NDArray[Any], dtype: np.dtype[Any]
) -> NDArray[Any]:
    """``out``, or a new array in its place.

    Raises
    ------
    ValueError
        For another shape or dtype than the result's, memory of ``a`` or ``b``, and read-only arrays.
    """
    shape = a.shape[0], b.shape[1]
    if out is None:
        return np.empty(shape, dtype)
    if out.shape != shape or out.dtype != dtype:
        raise ValueError(f"got out of shape {out.shape}, {out.dtype}; allowed: {shape}, {dtype}")
    if not out.flags.writeable:
        raise ValueError("got out that is read-only, allowed: a writable array")
    if np.may_share_memory(out, a) or np.may_share_memory(out, b):
        raise ValueError("got out in the memory of a factor, allowed: memory of its own")
    return out
