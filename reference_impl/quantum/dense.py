"""Sparse matrices as dense ones in files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference_impl.memory import MappedMatrix
from reference_impl.whole import whole

if TYPE_CHECKING:
    import os

    from scipy import sparse

__all__ = ["store_dense"]


def store_dense(
    path: str | os.PathLike[str],
    matrix: sparse.csr_array,
    *,
    memory_bytes: int = 2**26,
    overwrite: bool = False,
) -> None:
    """Write ``matrix`` to a `MappedMatrix`, a few rows at a time.

    Half of ``memory_bytes`` is for these rows, half for the pages that they are written to.

    Raises
    ------
    ValueError
        For what is no CSR matrix, ``memory_bytes`` below two rows (says what they take), and errors as of
        `MappedMatrix.create`.
    """
    if getattr(matrix, "format", None) != "csr":
        raise ValueError(f"got a matrix that is a {type(matrix).__name__}, allowed: csr_array, csr_matrix")
    row_bytes = matrix.shape[1] * matrix.dtype.itemsize
    memory_bytes = whole(memory_bytes, "memory_bytes")
    if memory_bytes < 2 * row_bytes:
        raise ValueError(f"got memory_bytes={memory_bytes}, allowed: at least {2 * row_bytes}, two rows")
    rows = min(memory_bytes // (2 * row_bytes), matrix.shape[0])
    with MappedMatrix.create(path, matrix.shape, matrix.dtype, overwrite=overwrite) as stored:
        block = np.empty((rows, matrix.shape[1]), matrix.dtype)
        for first in range(0, matrix.shape[0], rows):
            part = matrix[first : first + rows]
            filled = block[: part.shape[0]]
            filled[...] = 0
            part.toarray(out=filled)
            stored[first : first + rows] = filled
            stored.flush()
