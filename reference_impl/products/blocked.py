"""A product in blocks that fit into the first caches: what can be had without BLAS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reference_impl.backends import HAS_NUMBA, jit
from reference_impl.products.factors import checked_out, result_dtype
from reference_impl.products.sweep import sweep
from reference_impl.products.tiles import Tiles
from reference_impl.whole import whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["blocked_product"]


def blocked_product(
    a: NDArray[Any], b: NDArray[Any], *, block: int = 64, out: NDArray[Any] | None = None
) -> NDArray[Any]:
    """``a @ b``, one block of each factor at a time.

    Blocks are copied to where they are contiguous, so that the layout of the factors costs little; of the loops the
    innermost goes along rows of ``b`` and ``out``.

    Parameters
    ----------
    a, b
        Shapes (M, K) and (K, N), float32, float64, complex64 or complex128, any memory layout.
    block
        Side of the blocks, 1 to 128.
    out
        Where the result goes, shape (M, N), of NumPy's dtype for ``a @ b``.

    Raises
    ------
    ValueError
        For other shapes, dtypes and sides, and an ``out`` that is read-only or shares memory with a factor.
    """
    dtype = result_dtype(a, b, "fc")
    if dtype.char not in "fdFD" or np.float16 in (a.dtype, b.dtype):
        raise ValueError(
            f"got dtypes {a.dtype} and {b.dtype}, allowed: float32, float64, complex64, complex128"
        )
    block = whole(block, "block")
    if not 1 <= block <= 128:
        raise ValueError(f"got block={block}, allowed: 1 to 128")
    out = checked_out(out, a, b, dtype)
    return sweep(a, b, out, Tiles(block, block, block), _by_rows if HAS_NUMBA else _by_numpy)


@jit
def _by_rows(left: NDArray[Any], right: NDArray[Any], product: NDArray[Any]) -> None:
    product[:] = 0
    for i in range(left.shape[0]):
        total = product[i]
        for k in range(left.shape[1]):
            factor, row = left[i, k], right[k]
            for j in range(row.size):  # one after the other in memory: becomes vector instructions
                total[j] += factor * row[j]


def _by_numpy(left: NDArray[Any], right: NDArray[Any], product: NDArray[Any]) -> None:
    """The twin to read."""
    product[...] = 0
    for k in range(left.shape[1]):
        product += left[:, k, np.newaxis] * right[k]
