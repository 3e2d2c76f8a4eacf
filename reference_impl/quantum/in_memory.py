"""LAPACK, where the budget has room for the whole matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import linalg

from reference_impl.quantum.first_look import factor_for, largest_element, refuse_asymmetry
from reference_impl.quantum.result import Eigenpairs
from reference_impl.quantum.ritz import by_real_part
from reference_impl.quantum.symmetry import Symmetry

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reference_impl.memory import MappedMatrix

__all__ = ["solve_in_memory"]


def solve_in_memory(matrix: MappedMatrix, k: int, symmetry: Symmetry) -> Eigenpairs:
    """The lowest ``k``, as `lowest_eigenpairs` says; errors as of `largest_element` and `refuse_asymmetry`."""
    whole = np.empty(matrix.shape, matrix.dtype)
    matrix.read_rows(0, whole)
    largest = largest_element(whole, 0)
    refuse_asymmetry(whole, symmetry, largest)
    factor = factor_for(largest)
    if factor != 1:
        np.multiply(whole, factor, out=whole)
    values, vectors = _solved(whole, k, symmetry)
    pairs = zip(vectors.T, values, strict=True)  # one by one: all at once would be three more matrices
    residuals = np.array([np.linalg.norm(whole @ vector - value * vector) for vector, value in pairs])
    return Eigenpairs(values / factor, vectors, residuals / factor, 1)


def _solved(whole: NDArray[Any], k: int, symmetry: Symmetry) -> tuple[NDArray[Any], NDArray[Any]]:
    if symmetry is Symmetry.HERMITIAN:
        values, vectors = linalg.eigh(whole, subset_by_index=(0, k - 1))
        return values, vectors
    values, vectors = linalg.eig(whole)
    lowest = by_real_part(values)[:k]
    return values[lowest], vectors[:, lowest]
