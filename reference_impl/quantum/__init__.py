"""Hamiltonians of closed and of open quantum systems, and their lowest states, of matrices larger than memory too.

Of nnz elements, n states, k of them wanted, p passes over the matrix:

======================  =======================  ==============================================  ====================
name                    cost                     memory                                          computes with
======================  =======================  ==============================================  ====================
`HamiltonianBuilder`    O(nnz)                   ``memory_bytes``: 48 or 72 bytes an element     SciPy
`tight_binding`         O(n)                     the same
`absorbing_layer`       O(n)                     its result
`store_dense`           O(n^2)                   ``memory_bytes``
`lowest_eigenpairs`     O(p k n^2)               ``memory_bytes``, at least about 5 k vectors    BLAS and LAPACK
======================  =======================  ==============================================  ====================

A sparse Hamiltonian is a `scipy.sparse.csr_array`: its products with vectors, and `scipy.sparse.linalg`, are SciPy's. A
`Symmetry` says whether H = H^H (closed) or H = H^T with complex elements (open). Needs SciPy, of the extra reference.
"""

from reference_impl.quantum.dense import store_dense
from reference_impl.quantum.hamiltonian import HamiltonianBuilder
from reference_impl.quantum.lattice import absorbing_layer, tight_binding
from reference_impl.quantum.result import ConvergenceError, Eigenpairs, Progress
from reference_impl.quantum.solver import lowest_eigenpairs
from reference_impl.quantum.symmetry import Symmetry

__all__ = [
    "ConvergenceError",
    "Eigenpairs",
    "HamiltonianBuilder",
    "Progress",
    "Symmetry",
    "absorbing_layer",
    "lowest_eigenpairs",
    "store_dense",
    "tight_binding",
]
