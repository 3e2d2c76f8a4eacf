"""Sparse Hamiltonians, element by element."""

from __future__ import annotations

import cmath
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from reference_impl.quantum.symmetry import Symmetry
from reference_impl.quantum.triplets import Triplets
from reference_impl.whole import whole

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike

__all__ = ["HamiltonianBuilder"]


class HamiltonianBuilder:
    """Collects the elements of a Hamiltonian and makes a CSR matrix of them.

    An element off the diagonal is given once, at (row, column) or at (column, row), and stands at both places: the
    symmetry holds whatever is given. What is given again is added.

    Parameters
    ----------
    states
        Number of basis states: the matrix has shape (states, states).
    symmetry
        `Symmetry.HERMITIAN` mirrors with the complex conjugate, `Symmetry.COMPLEX_SYMMETRIC` without.
    dtype
        float64 or complex128; None takes complex128.
    memory_bytes
        For collected elements and for `build`, the matrix it makes included.

    Raises
    ------
    ValueError
        For other ``states`` than >= 1, another dtype, and too little memory (says what is enough to begin).
    """

    def __init__(
        self, states: int, symmetry: Symmetry, *, dtype: DTypeLike | None = None, memory_bytes: int = 2**30
    ) -> None:
        states = whole(states, "states")
        if states < 1:
            raise ValueError(f"got states={states}, allowed: at least 1")
        self.states = states
        self.symmetry = Symmetry(symmetry)
        self.dtype = np.dtype(np.complex128 if dtype is None else dtype)
        if self.dtype.char not in "dD":
            raise ValueError(f"got dtype {self.dtype}, allowed: float64, complex128")
        self._triplets = Triplets(states, self.dtype, whole(memory_bytes, "memory_bytes"))

    def __len__(self) -> int:
        """Elements collected, mirrored ones too."""
        return self._triplets.count

    def add(self, row: int, column: int, value: complex) -> None:
        """Add ``value`` at (row, column) and mirrored at (column, row); on the diagonal once.

        Raises
        ------
        IndexError
            For states that there are not; negative ones are none.
        ValueError
            For a value that is not finite, and one with an imaginary part where it must be real.
        MemoryError
            When the budget is spent; what was collected before is still there.
        """
        row, column = whole(row, "row", IndexError), whole(column, "column", IndexError)
        if not (0 <= row < self.states and 0 <= column < self.states):
            raise IndexError(f"got element ({row}, {column}), allowed: 0 to {self.states - 1}")
        if not cmath.isfinite(value):
            raise ValueError(f"got {value} at ({row}, {column}), allowed: finite values")
        is_hermitian = self.symmetry is Symmetry.HERMITIAN
        if value.imag and (self.dtype.char == "d" or (is_hermitian and row == column)):
            raise ValueError(f"got {value} at ({row}, {column}), allowed: real values there")
        given: Any = value.real if self.dtype.char == "d" else value
        self._triplets.reserve(2)
        self._triplets.append(row, column, given)
        if row != column:
            self._triplets.append(column, row, given.conjugate() if is_hermitian else given)

    def extend(self, rows: ArrayLike, columns: ArrayLike, values: ArrayLike) -> None:
        """As `add`, for arrays of one shape; nothing is added where one of the elements is refused.

        Takes a few times the memory of these arrays while it works, beside ``memory_bytes``.
        """
        given_rows, given_columns = np.broadcast_arrays(np.asarray(rows), np.asarray(columns))
        given = np.broadcast_to(np.asarray(values), given_rows.shape)
        if given_rows.dtype.kind not in "iu" or given_columns.dtype.kind not in "iu":
            raise IndexError(f"got indices of {given_rows.dtype}, {given_columns.dtype}, allowed: integers")
        self._refuse(
            IndexError,
            (given_rows < 0)
            | (given_rows >= self.states)
            | (given_columns < 0)
            | (given_columns >= self.states),
            (given_rows, given_columns, given),
            f"indices of 0 to {self.states - 1}",
        )
        self._refuse(ValueError, ~np.isfinite(given), (given_rows, given_columns, given), "finite values")
        must_be_real = np.full(given.shape, self.dtype.char == "d")
        if self.symmetry is Symmetry.HERMITIAN:
            must_be_real |= given_rows == given_columns
        self._refuse(
            ValueError,
            must_be_real & (given.imag != 0),
            (given_rows, given_columns, given),
            "real values there",
        )
        if self.dtype.char == "d":
            given = given.real
        off = given_rows != given_columns
        both = (
            np.concatenate((given_rows.ravel(), given_columns[off])),
            np.concatenate((given_columns.ravel(), given_rows[off])),
            np.concatenate((given.ravel(), self.symmetry.mirrored(given[off]))),
        )
        self._triplets.extend(*both)

    def build(self) -> sparse.csr_array:
        """The matrix, with sorted indices and each element once. More can be added afterwards, for another one."""
        rows, columns, values = self._triplets.views()
        return sparse.coo_array((values, (rows, columns)), shape=(self.states, self.states)).tocsr()

    def _refuse(
        self, error: type[Exception], wrong: Any, elements: tuple[Any, Any, Any], allowed: str
    ) -> None:
        if np.any(wrong):
            row, column, value = (part[wrong].flat[0] for part in elements)
            raise error(f"got {value} at ({row}, {column}), allowed: {allowed}")
