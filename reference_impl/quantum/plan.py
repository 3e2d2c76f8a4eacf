"""How large the parts of an eigensolver may be, from a memory budget."""

from __future__ import annotations

from typing import NamedTuple

from reference_impl.quantum.krylov import CHUNK

__all__ = ["Plan", "dense_bytes", "plan_within"]

_PYTHON_BYTES = 3 * 2**14  # call frames, small arrays
_BLAS_SHARE = 12  # one part in so many is for copies that BLAS packs, LAPACK's work arrays, and pages in part
_LEAST_ROWS = 16
_ROWS_BYTES = 2**20  # of the matrix at a time: more reads no faster, and leaves the caches


class Plan(NamedTuple):
    """For ``wanted`` eigenvectors of ``n`` elements, ``block`` vectors go through the matrix at a time.

    At most ``basis`` in all, and ``rows`` rows of the matrix are in memory at a time.
    """

    n: int
    wanted: int
    block: int
    basis: int
    rows: int

    def memory_bytes(self, itemsize: int) -> int:
        """Of the space, two blocks beside it, rows, eigenvectors, single vectors; and of small matrices."""
        vectors = self.basis + 3 * self.block + self.rows + self.wanted + 4
        small = 6 * (self.basis + self.block) ** 2 + CHUNK * self.basis
        return itemsize * (vectors * self.n + small) + _PYTHON_BYTES


def dense_bytes(n: int, itemsize: int) -> int:
    """Of LAPACK with the whole matrix in memory."""
    return itemsize * (4 * n * n + 64 * n) + _PYTHON_BYTES


def plan_within(n: int, wanted: int, itemsize: int, memory_bytes: int) -> Plan:
    """The largest space that fits, up to sixteen blocks: more would cost more than it helps.

    Raises
    ------
    ValueError
        Where three blocks do not fit, or are more than there is: says what would do.
    """
    block = max(
        wanted, 2
    )  # as many as there can be equal ones among the wanted; two tell whether it is symmetric
    least = Plan(n, wanted, block, 3 * block, min(n, _LEAST_ROWS))
    own_bytes = memory_bytes - memory_bytes // _BLAS_SHARE
    if 4 * block > n or own_bytes < least.memory_bytes(itemsize):
        enough = dense_bytes(n, itemsize)
        if 4 * block <= n:
            enough = min(enough, -(-least.memory_bytes(itemsize) * _BLAS_SHARE // (_BLAS_SHARE - 1)))
        raise ValueError(
            f"got memory_bytes={memory_bytes} for {wanted} eigenpairs of {n} x {n}, allowed: at least {enough}"
        )
    row_bytes = n * itemsize
    rows = min(n, max(_LEAST_ROWS, min(_ROWS_BYTES, memory_bytes // 10) // row_bytes))
    best = least
    for basis in range(least.basis, min(n - block, 16 * block) + 1):
        for trial in (best.rows, rows):
            plan = best._replace(basis=basis, rows=trial)
            if plan.memory_bytes(itemsize) <= own_bytes:
                best = plan
    return best
