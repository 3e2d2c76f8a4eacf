"""Elements of a sparse matrix as they come, in buffers that grow within a budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Triplets"]

_FIRST = 1024
_SHARE = 3  # of the triplets: they themselves, the CSR matrix, and what SciPy takes while it sorts and sums


class Triplets:
    """(row, column, value) of a square matrix, each in an array that doubles when it is full.

    ``memory_bytes`` is for these arrays and for making a CSR matrix of them: 48 bytes an element with float64, 72 with
    complex128, and 8 a row, below 2^31 elements.

    Raises
    ------
    ValueError
        For ``memory_bytes`` without room for one element and its mirror (says what they take).
    """

    def __init__(self, states: int, dtype: np.dtype[Any], memory_bytes: int) -> None:
        index = np.dtype(np.int32 if max(states, memory_bytes // 48) < 2**31 else np.int64)
        fixed = 2 * (states + 1) * index.itemsize
        each = _SHARE * (2 * index.itemsize + dtype.itemsize)
        self._memory_bytes = memory_bytes
        self._most = (memory_bytes - fixed) // each
        if self._most < 2:
            raise ValueError(f"got memory_bytes={memory_bytes}, allowed: at least {fixed + 2 * each}")
        first = min(_FIRST, self._most)
        self._rows, self._columns = np.empty(first, index), np.empty(first, index)
        self._values = np.empty(first, dtype)
        self.count = 0

    def reserve(self, more: int) -> None:
        """Have room for ``more`` elements.

        Raises
        ------
        MemoryError
            Where the budget has none.
        """
        needed = self.count + more
        if needed <= len(self._rows):
            return
        if needed > self._most:
            raise MemoryError(
                f"got {needed} elements, allowed: {self._most} with memory_bytes={self._memory_bytes}"
            )
        capacity = min(self._most, max(needed, 2 * len(self._rows)))
        for array in (self._rows, self._columns, self._values):  # in turns, and in place where the system can
            array.resize(capacity, refcheck=False)

    def append(self, row: int, column: int, value: complex) -> None:
        """To where there is room."""
        at = self.count
        self._rows[at], self._columns[at], self._values[at] = row, column, value
        self.count = at + 1

    def extend(self, rows: NDArray[Any], columns: NDArray[Any], values: NDArray[Any]) -> None:
        self.reserve(len(rows))
        new = slice(self.count, self.count + len(rows))
        self._rows[new], self._columns[new], self._values[new] = rows, columns, values
        self.count = new.stop

    def views(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Rows, columns and values, until the next element."""
        return self._rows[: self.count], self._columns[: self.count], self._values[: self.count]
