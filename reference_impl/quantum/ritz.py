"""Small eigenproblems, in the solver's order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import linalg

from reference_impl.quantum.symmetry import Symmetry

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["by_real_part", "lowest_space", "ritz_pairs"]


def by_real_part(values: NDArray[Any]) -> NDArray[np.intp]:
    """Ascending real part, where these are equal ascending imaginary part."""
    return np.lexsort((values.imag, values.real))


def ritz_pairs(projected: NDArray[Any], symmetry: Symmetry) -> tuple[NDArray[Any], NDArray[Any]]:
    """All eigenvalues of a small matrix in order, and their eigenvectors as columns of length 1."""
    if symmetry is Symmetry.HERMITIAN:
        values, vectors = linalg.eigh(projected)
        return values, vectors
    values, vectors = linalg.eig(projected)
    order = by_real_part(values)
    return values[order], vectors[:, order]


def lowest_space(
    projected: NDArray[Any], pairs: tuple[NDArray[Any], NDArray[Any]], count: int
) -> NDArray[Any]:
    """Orthonormal columns that span what ``count`` of the lowest ``pairs`` do; of equal real parts, some.

    Eigenvectors where these are orthogonal; else Schur vectors, which are so however close eigenvectors lie. The first
    of them, however many, span a space that the matrix maps onto itself.
    """
    values, vectors = pairs
    if np.isrealobj(values):
        return vectors[:, :count]
    last = (values[count - 1].real + values[count].real) / 2
    _, schur_vectors, _ = linalg.schur(projected, output="complex", sort=lambda value: value.real <= last)
    lowest: NDArray[Any] = schur_vectors[:, :count]
    return lowest
