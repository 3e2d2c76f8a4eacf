"""Products with a matrix in a file that goes through one buffer, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reference_impl.memory import MappedMatrix

__all__ = ["RowStream"]


class RowStream:
    """Reads the file by plain reads into memory for ``rows`` rows: pages of a mapping would be resident as well."""

    def __init__(self, matrix: MappedMatrix, rows: int) -> None:
        self._matrix = matrix
        self._buffer = np.empty((rows, matrix.shape[1]), matrix.dtype)

    def multiply(self, vectors: NDArray[Any], out: NDArray[Any]) -> None:
        """Set ``out`` to the products of the matrix with ``vectors``, both of shape (count, n): one pass."""
        n = self._matrix.shape[0]
        for first in range(0, n, len(self._buffer)):
            rows = self._buffer[: n - first]
            self._matrix.read_rows(first, rows)
            np.matmul(vectors, rows.T, out=out[:, first : first + len(rows)])
