"""The lowest eigenpairs of a dense matrix that stays in its file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from reference_impl.quantum.in_memory import solve_in_memory
from reference_impl.quantum.plan import dense_bytes, plan_within
from reference_impl.quantum.result import ConvergenceError, Eigenpairs, Progress
from reference_impl.quantum.ritz import by_real_part
from reference_impl.quantum.search import Search
from reference_impl.quantum.symmetry import Symmetry
from reference_impl.whole import whole

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from numpy.typing import NDArray

    from reference_impl.memory import MappedMatrix

__all__ = ["lowest_eigenpairs"]

_SLACK = (
    10.0  # of the goal: for what rounding has done to residuals that were not taken from the matrix itself
)
_SELF_ORTHOGONAL = 1e-6


def lowest_eigenpairs(  # noqa: PLR0913 - keywords, each on its own
    matrix: MappedMatrix,
    k: int,
    symmetry: Symmetry = Symmetry.HERMITIAN,
    *,
    memory_bytes: int,
    tolerance: float = 1e-11,
    max_passes: int = 1000,
    checkpoint: str | os.PathLike[str] | None = None,
    passes_per_checkpoint: int = 10,
    progress: Callable[[Progress], object] | None = None,
) -> Eigenpairs:
    """The ``k`` eigenvalues with the lowest real part, and their eigenvectors, within a memory budget.

    Where the whole matrix fits four times, LAPACK does it. Elsewhere the matrix is read once per *pass*, a few rows at
    a time, and multiplied with a block of ``k`` vectors, at least two: the block Krylov-Schur method (Y. Zhou and
    Y. Saad, Numer. Algorithms 47, 341 (2008); G. W. Stewart, SIAM J. Matrix Anal. Appl. 23, 601 (2001)). A block that
    wide misses no eigenvalue for another that is equal. The space is kept orthonormal for complex symmetric matrices
    too, since vectors can be orthogonal to themselves in the bilinear form; eigenvalues then come from that form,
    x^T A x / x^T x, whose error is of second order (P. Arbenz and M. E. Hochstenbach, SIAM J. Sci. Comput. 25, 1655
    (2004)).

    Parameters
    ----------
    matrix
        Shape (n, n), all rows valid; float64, or complex128, in the byte order of the machine.
    k
        1 to n. The search needs room for four blocks: ``k`` above about n / 5 takes memory for LAPACK.
    symmetry
        Held against random vectors in the first pass, by LAPACK's side element by element.
    memory_bytes
        For all that the search takes, eigenvectors included. Beside it are LAPACK's and BLAS's own buffers.
    tolerance
        Residuals ``|A x - value x|``, at last of the matrix itself, come below ten times it, relative to the largest
        eigenvalue met.
    max_passes
        Over the matrix, in all runs together.
    checkpoint
        A file that holds the state of the search every ``passes_per_checkpoint`` passes and at its end. Where it is
        there, the search goes on from it, and ends as it would have without the stop.
    progress
        Called after each pass of the search.

    Raises
    ------
    ValueError
        For a matrix of another shape, dtype or symmetry, with elements that are not finite or beyond 1e300 (says
        which), or not all valid; for ``k``, and ``memory_bytes``
        too small for it (says what is enough); for a checkpoint that is damaged, or of another matrix.
    ConvergenceError
        When passes are spent; says residuals and passes. The checkpoint can be gone on from with more of them.
    """
    symmetry = Symmetry(symmetry)
    k, memory_bytes = whole(k, "k"), whole(memory_bytes, "memory_bytes")
    _check(matrix, k, symmetry)
    if not min(tolerance, max_passes, passes_per_checkpoint) > 0:
        raise ValueError(
            f"got tolerance={tolerance}, max_passes={max_passes}, passes_per_checkpoint={passes_per_checkpoint}; "
            f"allowed: all above 0"
        )
    n, itemsize = matrix.shape[0], matrix.dtype.itemsize
    if memory_bytes >= dense_bytes(n, itemsize):
        return solve_in_memory(matrix, k, symmetry)
    path = None if checkpoint is None else Path(checkpoint)
    search = _begun(Search(matrix, plan_within(n, k, itemsize, memory_bytes), symmetry), path)
    while True:
        factor = search.stream.factor
        goal = tolerance * search.scale / factor
        state = Progress(search.passes, search.values[:k] / factor, search.residuals() / factor, goal)
        if progress is not None:
            progress(state)
        is_spent = state.passes >= max_passes
        if path is not None and (state.is_done or is_spent or state.passes % passes_per_checkpoint == 0):
            search.save(path)
        pairs = _verified(search) if state.is_done else None
        if pairs is not None and np.all(pairs.residuals <= _SLACK * state.goal):
            return pairs
        if is_spent:
            raise ConvergenceError(state, max_passes)
        search.step(is_renewed=state.is_done)


def _begun(search: Search, path: Path | None) -> Search:
    if path is not None and path.exists():
        search.resume(path)
    else:
        search.begin()
    return search


def _check(matrix: MappedMatrix, k: int, symmetry: Symmetry) -> None:
    n, columns = matrix.shape
    if n != columns:
        raise ValueError(f"got a matrix of shape {matrix.shape}, allowed: (n, n)")
    allowed = "dD" if symmetry is Symmetry.HERMITIAN else "D"
    if matrix.dtype.char not in allowed or not matrix.dtype.isnative:
        names = " or ".join(np.dtype(char).name for char in allowed)
        raise ValueError(f"got a matrix of {matrix.dtype}, allowed: {names} where it is {symmetry.value}")
    if not 1 <= k <= n:
        raise ValueError(f"got k={k}, allowed: 1 to {n}")
    invalid = np.flatnonzero(~matrix.valid)
    if len(invalid):
        raise ValueError(
            f"got a matrix with {len(invalid)} rows not valid, the first {invalid[0]}, allowed: none"
        )


def _verified(search: Search) -> Eigenpairs:
    """Eigenvalues and residuals from the matrix itself."""
    vectors, products = search.eigenvectors()
    if search.symmetry is Symmetry.HERMITIAN:
        values = np.array([np.vdot(x, y).real for x, y in zip(vectors, products, strict=True)])
    else:
        pairs = zip(vectors, products, search.values, strict=False)
        values = np.array([_quotient(x, y, value) for x, y, value in pairs])
    order = by_real_part(values)
    found = vectors[order]
    vectors *= values[:, np.newaxis]
    products -= vectors
    residuals: NDArray[np.float64] = np.linalg.norm(products, axis=1)
    factor = search.stream.factor
    return Eigenpairs(values[order] / factor, found.T, residuals[order] / factor, search.passes)


def _quotient(vector: NDArray[np.complex128], product: NDArray[np.complex128], value: complex) -> complex:
    square = vector @ vector
    return complex(vector @ product / square) if abs(square) > _SELF_ORTHOGONAL else value
