"""Quantum systems: what a budget of bytes promises, of matrices ten times as large, by every probe there is."""

from __future__ import annotations

import sys

import numpy as np
import pytest

pytest.importorskip("scipy", reason="comes with the extra reference")

from pytest_memguard import KiB, MiB
from reference_impl.memory import MappedMatrix
from reference_impl.quantum import (
    ConvergenceError,
    HamiltonianBuilder,
    Symmetry,
    absorbing_layer,
    lowest_eigenpairs,
    store_dense,
    tight_binding,
)

STATES = {Symmetry.HERMITIAN: 3_000, Symmetry.COMPLEX_SYMMETRIC: 2_100}  # 72 MB and 71 MB
LEVELS = 9
PYTHON_ITSELF = KiB(64)  # call frames, slices, the allocator's own

pages_stay = pytest.mark.skipif(
    sys.platform == "win32", reason="the system decides there how long mapped files are resident"
)


def levels(symmetry, n):
    """Nine that lie apart, but for some that are equal, and many that do not."""
    values = np.concatenate(([-9.0, -8, -8, -8, -7, -6, -5, -4, -4], np.linspace(0, 10, n - LEVELS)))
    return values + 0.01j * (values - 10) if symmetry is Symmetry.COMPLEX_SYMMETRIC else values


def store_reflected(path, values):
    """(I - 2 u u^T) diag(values) (I - 2 u u^T), a few rows at a time: dense, and its eigenvalues are known."""
    n = len(values)
    u = np.random.default_rng(0).standard_normal(n)
    u /= np.linalg.norm(u)
    turned = values * u
    mean = u @ turned
    with MappedMatrix.create(path, (n, n), values.dtype) as matrix:
        for first in range(0, n, 50):
            rows = slice(first, first + 50)
            block = np.outer(u[rows], 4 * mean * u - 2 * turned) - 2 * np.outer(turned[rows], u)
            block[np.arange(50), np.arange(first, first + 50)] += values[rows]
            matrix[rows] = block
            matrix.flush()


@pytest.fixture(scope="module", params=Symmetry, ids=lambda symmetry: symmetry.name)
def symmetry(request):
    return request.param


@pytest.fixture(scope="module")
def path(symmetry, tmp_path_factory):
    path = tmp_path_factory.mktemp("quantum") / "dense"
    store_reflected(path, levels(symmetry, STATES[symmetry]))
    return path


@pytest.fixture(scope="module")
def small(symmetry, tmp_path_factory):
    """A search that is over soon."""
    path = tmp_path_factory.mktemp("quantum") / "small"
    store_reflected(path, levels(symmetry, 400))
    with MappedMatrix(path) as matrix:
        yield lambda: lowest_eigenpairs(matrix, 3, symmetry, memory_bytes=matrix.nbytes // 4)


@pytest.fixture(scope="module")
def loaded(path, symmetry):
    """A search of the same size has been: what BLAS and LAPACK load and keep for themselves is there."""
    with MappedMatrix(path) as opened:
        solve(opened, symmetry)


@pytest.fixture
def matrix(path, loaded, trimmed):
    """Opened anew, so that none of its pages is resident."""
    with MappedMatrix(path) as opened:
        yield opened


def solve(matrix, symmetry, **options):
    found = lowest_eigenpairs(matrix, LEVELS, symmetry, memory_bytes=matrix.nbytes // 10, **options)
    assert np.allclose(found.values, levels(symmetry, STATES[symmetry])[:LEVELS], rtol=0, atol=1e-8)


def tenth(matrix):
    return matrix.nbytes // 10


@pytest.mark.memory_budget(peak=tenth, probe="rss")
def test_a_tenth_of_the_matrix_is_resident(matrix, symmetry):
    solve(matrix, symmetry)


@pytest.mark.memory_budget(peak=tenth, probe="rss")
def test_a_tenth_is_resident_with_checkpoints_too(matrix, symmetry, tmp_path):
    solve(matrix, symmetry, checkpoint=tmp_path / "state", passes_per_checkpoint=5)


@pytest.mark.memory_budget(peak=tenth, probe="heap")
@pytest.mark.memory_budget(peak=tenth)
def test_a_tenth_of_the_matrix_is_allocated(matrix, symmetry):
    solve(matrix, symmetry)


@pytest.mark.memory_budget(peak=tenth, probe="heap", warmup=1)
@pytest.mark.memory_budget(peak=tenth, warmup=1)
def test_checkpoints_and_going_on_from_them_allocate_no_more(matrix, symmetry, tmp_path):
    checkpoint = tmp_path / "state"
    checkpoint.unlink(missing_ok=True)
    with pytest.raises(ConvergenceError):
        solve(matrix, symmetry, checkpoint=checkpoint, passes_per_checkpoint=1, max_passes=12)
    with pytest.raises(ConvergenceError):
        solve(matrix, symmetry, checkpoint=checkpoint, max_passes=14)


@pytest.mark.memory_budget(leak="0 B", probe="heap", rounds=10, warmup=3)
@pytest.mark.memory_budget(peak="baseline", leak="0 B", rounds=10, warmup=3)
def test_searches_leave_nothing_behind(small):
    small()


@pages_stay
@pytest.mark.memory_budget(peak=MiB(4), probe="rss")
@pytest.mark.memory_budget(peak=MiB(1) + PYTHON_ITSELF, leak="0 B")
def test_a_matrix_of_32_mb_is_filled_through_rows_of_one(tmp_path, trimmed):
    with MappedMatrix.create(tmp_path / "filled", (2_000, 2_000), overwrite=True) as matrix:
        block = np.ones((65, 2_000))
        for first in range(0, 2_000, 65):
            matrix[first : first + 65] = block[: 2_000 - first]
            matrix.flush()


@pytest.mark.memory_budget(peak=MiB(2), probe="rss")
@pytest.mark.memory_budget(peak=MiB(1) + PYTHON_ITSELF, leak="0 B")
def test_rows_that_are_read_are_the_only_ones_in_memory(matrix):
    rows = np.empty((MiB(1) // matrix[0].nbytes, len(matrix[0])), matrix.dtype)
    for first in range(0, matrix.shape[0] - len(rows), len(rows)):
        matrix.read_rows(first, rows)


@pages_stay
@pytest.mark.memory_budget(peak=lambda megabytes: MiB(megabytes + 2), probe="rss")
@pytest.mark.memory_budget(peak=lambda megabytes: MiB(megabytes) + PYTHON_ITSELF, leak="0 B")
@pytest.mark.parametrize("megabytes", [1, 4])
def test_dense_files_are_written_within_their_memory(chain, tmp_path, megabytes, trimmed):
    store_dense(tmp_path / "dense", chain, memory_bytes=MiB(megabytes), overwrite=True)


@pytest.fixture(scope="module")
def chain():
    return tight_binding((1_500,), absorber=absorbing_layer((1_500,), width=100, strength=1.0))


def fill(memory_bytes, states, *, rows):
    """All elements that ``memory_bytes`` has room for, in so many rows."""
    builder = HamiltonianBuilder(states, Symmetry.COMPLEX_SYMMETRIC, memory_bytes=memory_bytes)
    rng = np.random.default_rng(0)
    is_full = False
    while not is_full:
        try:
            builder.extend(rng.integers(0, rows, 500), rng.integers(rows, states, 500), np.full(500, 1j))
        except MemoryError:
            is_full = True
    assert len(builder) * 72 > memory_bytes // 2
    return builder.build()


@pytest.mark.memory_budget(peak=lambda megabytes: MiB(megabytes) + KiB(512), probe="rss")
@pytest.mark.memory_budget(peak=lambda megabytes: MiB(megabytes) + PYTHON_ITSELF, leak="0 B", probe="heap")
@pytest.mark.memory_budget(peak=lambda megabytes: MiB(megabytes) + PYTHON_ITSELF, leak="0 B")
@pytest.mark.parametrize("rows", [1, 1_000], ids=["one row", "many rows"])
@pytest.mark.parametrize("megabytes", [2, 16])
def test_a_sparse_hamiltonian_is_built_within_its_memory(megabytes, rows, trimmed):
    fill(MiB(megabytes), 2_000, rows=rows)


@pytest.mark.memory_budget(peak="baseline", leak="0 B", rounds=3, warmup=1)
def test_a_sparse_product_takes_its_result(chain):
    chain @ np.ones(chain.shape[1])


def test_sparse_hamiltonians_grow_as_their_elements_do(memguard):
    memguard.scaling(
        lambda sites: tight_binding((sites,)),
        (3_000, 10_000, 30_000, 100_000),
        peak_exponent=1.1,
        time_exponent=1.3,
    )
