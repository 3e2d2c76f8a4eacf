"""Products with a matrix in a file that goes through one buffer, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from reference_impl.memory import MappedMatrix

__all__ = ["RowStream"]


class RowStream:
    """Reads the file by plain reads into memory for ``rows`` rows: pages of a mapping would be resident as well.

    ``factor``, a power of two, is what products have more than the matrix would give.
    """

    def __init__(self, matrix: MappedMatrix, rows: int) -> None:
        self._matrix = matrix
        self._buffer = np.empty((rows, matrix.shape[1]), matrix.dtype)
        self.factor = 1.0

    def multiply(self, vectors: NDArray[Any], out: NDArray[Any]) -> None:
        """Set ``out`` to the products of the matrix with ``vectors``, both of shape (count, n): one pass."""
        for first, rows in self.parts():
            np.matmul(vectors, rows.T, out=out[:, first : first + len(rows)])
        if self.factor != 1:
            np.multiply(out, self.factor, out=out)

    def parts(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """All rows of the matrix, a few at a time, each with the number of its first; the memory is used again."""
        n = self._matrix.shape[0]
        for first in range(0, n, len(self._buffer)):
            rows = self._buffer[: n - first]
            self._matrix.read_rows(first, rows)
            yield first, rows
