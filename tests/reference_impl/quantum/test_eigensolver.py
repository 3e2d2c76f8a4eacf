"""The eigensolver for matrices in files, against LAPACK, ARPACK and matrices that were made from their eigenpairs."""

# ruff: noqa: E402 - SciPy may be missing

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

linalg = pytest.importorskip("scipy.linalg", reason="comes with the extra reference")

import scipy.sparse.linalg

from reference_impl.memory import MappedMatrix
from reference_impl.quantum import (
    ConvergenceError,
    Symmetry,
    absorbing_layer,
    lowest_eigenpairs,
    store_dense,
    tight_binding,
)
from reference_impl.quantum.plan import Plan, dense_bytes, plan_within
from tests.reference_impl.quantum.systems import assert_same_directions, reflected, reflector, stored

N = 300
HERMITIAN, SYMMETRIC = Symmetry
TOLERANCE = 1e-8


def random_matrix(symmetry, dtype=float, n=N):
    """Broad on the diagonal, so that the lowest eigenvalues lie apart."""
    rng = np.random.default_rng(n)
    matrix = rng.standard_normal((n, n)).astype(dtype)
    if dtype is complex:
        matrix += 1j * rng.standard_normal((n, n))
    mirrored = matrix.conj().T if symmetry is HERMITIAN else matrix.T
    return (matrix + mirrored) / 8 + np.diag(np.linspace(0, 30, n))


def budget(matrix, part):
    return matrix.nbytes // part


def in_order(values):
    return np.lexsort((values.imag, values.real))


@pytest.mark.parametrize("k", [1, 2, 5])
@pytest.mark.parametrize("dtype", [float, complex])
def test_hermitian_pairs_are_lapacks(tmp_path, dtype, k):
    matrix = random_matrix(HERMITIAN, dtype)
    with stored(tmp_path / "a", matrix) as file:
        found = lowest_eigenpairs(file, k, memory_bytes=budget(matrix, 3))
    values, vectors = linalg.eigh(matrix, subset_by_index=(0, k - 1))
    assert found.passes > 5
    assert found.values.dtype == float
    assert np.allclose(found.values, values, rtol=0, atol=TOLERANCE)
    assert_same_directions(found.vectors, vectors)
    assert np.all(np.linalg.norm(matrix @ found.vectors - found.vectors * found.values, axis=0) < 1e-8)
    assert np.allclose(
        np.linalg.norm(matrix @ found.vectors - found.vectors * found.values, axis=0), found.residuals
    )


@pytest.mark.parametrize("k", [1, 2, 5])
def test_complex_symmetric_pairs_are_lapacks(tmp_path, k):
    matrix = random_matrix(SYMMETRIC, complex)
    with stored(tmp_path / "a", matrix) as file:
        found = lowest_eigenpairs(file, k, SYMMETRIC, memory_bytes=budget(matrix, 3))
    values, vectors = linalg.eig(matrix)
    lowest = in_order(values)[:k]
    assert np.allclose(found.values, values[lowest], rtol=0, atol=TOLERANCE)
    assert_same_directions(found.vectors, vectors[:, lowest])


def test_a_quantum_dot_that_leaks_is_as_arpack_says(tmp_path):
    """A well that absorbs at its walls, through sparse and dense matrices."""
    lengths = (18, 17)
    depth = -3 * np.exp(-np.add.outer(*(np.linspace(-2, 2, length) ** 2 for length in lengths)))
    layer = absorbing_layer(lengths, width=4, strength=0.4)
    sparse = tight_binding(lengths, potential=depth, absorber=layer)
    store_dense(tmp_path / "h", sparse)
    with MappedMatrix(tmp_path / "h") as file:
        found = lowest_eigenpairs(file, 4, SYMMETRIC, memory_bytes=file.nbytes // 3)
    values, vectors = scipy.sparse.linalg.eigs(sparse, 4, which="SR")
    order = in_order(values)
    assert np.allclose(found.values, values[order], rtol=0, atol=TOLERANCE)
    assert_same_directions(found.vectors, vectors[:, order])
    assert found.values.imag.max() < 0


def test_a_box_is_as_arpack_says(tmp_path):
    sparse = tight_binding((7, 6, 8))
    store_dense(tmp_path / "h", sparse)
    with MappedMatrix(tmp_path / "h") as file:
        found = lowest_eigenpairs(file, 3, memory_bytes=file.nbytes // 4)
    values, vectors = scipy.sparse.linalg.eigsh(sparse, 3, which="SA")
    assert np.allclose(found.values, values, rtol=0, atol=TOLERANCE)
    assert_same_directions(found.vectors, vectors)


@pytest.mark.parametrize("copies", [2, 3, 5])
def test_equal_eigenvalues_are_all_found(tmp_path, copies):
    values = np.concatenate((np.full(copies, -3.0), [-2, -2], np.linspace(0, 10, N - 2 - copies)))
    matrix, _ = reflected(np.random.default_rng(0).permutation(values), reflector(N))
    with stored(tmp_path / "a", matrix) as file:
        found = lowest_eigenpairs(file, 5, memory_bytes=budget(matrix, 2))
    assert np.allclose(found.values, values[:5], rtol=0, atol=TOLERANCE)
    assert np.allclose(found.vectors.T @ found.vectors, np.eye(5), atol=1e-10)
    assert np.all(np.linalg.norm(matrix @ found.vectors - found.vectors * found.values, axis=0) < TOLERANCE)


@pytest.mark.parametrize("seed", range(12))
def test_random_levels_of_random_multiplicities_are_all_found(tmp_path, seed):
    """Also by twice the least memory there can be, where the space is restarted all the time."""
    rng = np.random.default_rng(seed)
    symmetry, k = [HERMITIAN, SYMMETRIC][seed % 2], 1 + seed // 2
    low = np.repeat(np.sort(rng.uniform(-5, 0, 8)), rng.integers(1, 6, 8))
    values = np.concatenate((low, rng.uniform(0, 10, N - len(low))))
    if symmetry is SYMMETRIC:
        values = values + 1j * np.sin(7 * values)
    matrix, _ = reflected(rng.permutation(values), reflector(N, is_complex=seed % 4 == 3))
    matrix = (matrix + matrix.T) / 2
    least = Plan(N, k, max(k, 2), 3 * max(k, 2), 16).memory_bytes(matrix.itemsize)
    with stored(tmp_path / "a", matrix) as file:
        found = lowest_eigenpairs(file, k, symmetry, memory_bytes=2 * least)
    assert np.allclose(found.values, values[:k], rtol=0, atol=TOLERANCE)


def test_a_cube_has_its_degenerate_levels(tmp_path):
    store_dense(tmp_path / "h", tight_binding((7, 7, 7)))
    with MappedMatrix(tmp_path / "h") as file:
        found = lowest_eigenpairs(file, 7, memory_bytes=file.nbytes // 2)
    low, high = -2 * np.cos(np.pi * np.array([1, 2]) / 8)
    assert np.allclose(found.values, [3 * low] + 3 * [2 * low + high] + 3 * [low + 2 * high], atol=TOLERANCE)


@pytest.mark.parametrize("is_complex", [False, True], ids=["normal", "not normal"])
def test_equal_eigenvalues_of_a_complex_symmetric_matrix(tmp_path, is_complex):
    values = np.concatenate(([-3 - 1j] * 2, [-2 - 0.5j], np.linspace(0, 10, N - 3) - 0.2j))
    matrix, vectors = reflected(values, reflector(N, is_complex=is_complex))
    with stored(tmp_path / "a", matrix) as file:
        found = lowest_eigenpairs(file, 3, SYMMETRIC, memory_bytes=budget(matrix, 3))
    assert np.allclose(found.values, values[:3], rtol=0, atol=TOLERANCE)
    assert_same_directions(found.vectors[:, 2:], vectors[:, 2:3])
    first, _ = linalg.qr(vectors[:, :2], mode="economic")
    assert np.allclose(first @ (first.conj().T @ found.vectors[:, :2]), found.vectors[:, :2], atol=TOLERANCE)


def test_vectors_orthogonal_to_themselves_do_no_harm(tmp_path):
    """A block [[1, i], [i, -1]] has x = (1, i) alone for its eigenvalue 0, with x^T x = 0."""
    matrix = np.diag(np.linspace(5, 9, N)).astype(complex)
    matrix[:2, :2] = [[1, 1j], [1j, -1]]
    with stored(tmp_path / "a", matrix) as file:
        found = lowest_eigenpairs(file, 2, SYMMETRIC, memory_bytes=budget(matrix, 3), tolerance=1e-10)
    assert np.allclose(found.values, 0, atol=1e-4)  # the square root of rounding: it is defective
    assert np.all(found.residuals < 1e-8)


@pytest.mark.parametrize(
    "matrix", [np.eye(N), np.zeros((N, N)), np.diag([-1.0, *[1.0] * (N - 1)])], ids=["1", "0", "-1"]
)
def test_spaces_that_end_early(tmp_path, matrix):
    with stored(tmp_path / "a", matrix) as file:
        found = lowest_eigenpairs(file, 3, memory_bytes=budget(matrix, 3))
    assert np.allclose(found.values, np.sort(matrix.diagonal())[:3], atol=1e-12)
    assert np.allclose(found.vectors.T @ found.vectors, np.eye(3), atol=1e-12)


def test_equal_real_parts_go_by_the_imaginary_ones_or_not_at_all(tmp_path):
    """No order of the real parts tells them apart: the search must say that it did not end, and not more."""
    matrix = 1j * np.diag(np.linspace(0, 1, N))
    with stored(tmp_path / "a", matrix) as file, pytest.raises(ConvergenceError):
        lowest_eigenpairs(file, 2, SYMMETRIC, memory_bytes=budget(matrix, 4), max_passes=60)


@pytest.mark.parametrize("symmetry", [HERMITIAN, SYMMETRIC])
@settings(max_examples=25, deadline=None)
@given(n=st.integers(1, 12), data=st.data())
def test_tiny_matrices_are_lapacks(tmp_path_factory, symmetry, n, data):
    k = data.draw(st.integers(1, n))
    matrix = random_matrix(symmetry, complex, n)
    with stored(tmp_path_factory.mktemp("tiny") / "a", matrix) as file:
        found = lowest_eigenpairs(file, k, symmetry, memory_bytes=2**20)
    values = linalg.eigvals(matrix)
    assert np.allclose(found.values, values[in_order(values)][:k], rtol=0, atol=TOLERANCE)
    assert found.vectors.shape == (n, k)
    assert np.allclose(matrix @ found.vectors, found.vectors * found.values, atol=TOLERANCE)


@pytest.mark.parametrize("k", [N - 1, N])
def test_nearly_all_pairs_take_memory_for_lapack_or_are_refused(tmp_path, k):
    matrix = random_matrix(HERMITIAN)
    with stored(tmp_path / "a", matrix) as file:
        enough = dense_bytes(N, 8)
        with pytest.raises(ValueError, match=f"{k} eigenpairs of 300 x 300, allowed: at least {enough}"):
            lowest_eigenpairs(file, k, memory_bytes=enough - 1)
        found = lowest_eigenpairs(file, k, memory_bytes=enough)
    assert np.allclose(found.values, linalg.eigvalsh(matrix)[:k], rtol=0, atol=TOLERANCE)


def test_too_little_memory_says_what_is_enough(tmp_path):
    matrix = random_matrix(HERMITIAN)
    with stored(tmp_path / "a", matrix) as file:
        with pytest.raises(ValueError, match="got memory_bytes=1000 for 2 eigenpairs of 300 x 300") as caught:
            lowest_eigenpairs(file, 2, memory_bytes=1000)
        enough = int(str(caught.value).rsplit(" ", 1)[1])
        assert len(lowest_eigenpairs(file, 2, memory_bytes=enough).values) == 2


@given(st.integers(1, 3000), st.integers(1, 40), st.sampled_from([8, 16]), st.integers(1, 2**26))
def test_plans_stay_within_their_memory(n, wanted, itemsize, memory):
    try:
        plan = plan_within(n, wanted, itemsize, memory)
    except ValueError:
        return
    assert plan.memory_bytes(itemsize) <= memory
    assert plan.wanted <= plan.block <= plan.basis // 3
    assert plan.basis + plan.block <= n
    assert 1 <= plan.rows <= n


def test_no_convergence_says_residuals_and_passes(tmp_path):
    matrix = random_matrix(HERMITIAN)
    with stored(tmp_path / "a", matrix) as file:
        with pytest.raises(
            ConvergenceError, match=r"after 4 passes, allowed: .* within max_passes=4"
        ) as caught:
            lowest_eigenpairs(file, 2, memory_bytes=budget(matrix, 3), max_passes=4)
        with pytest.raises(ConvergenceError):  # no rounding is that small
            lowest_eigenpairs(file, 2, memory_bytes=budget(matrix, 3), tolerance=1e-18, max_passes=150)
    assert caught.value.progress.residuals.shape == (2,)
    assert f"got residuals {caught.value.progress.residuals[0]:.1e}, " in str(caught.value)


def test_progress_is_told_after_each_pass(tmp_path):
    matrix = random_matrix(HERMITIAN)
    told = []
    with stored(tmp_path / "a", matrix) as file:
        found = lowest_eigenpairs(file, 2, memory_bytes=budget(matrix, 3), progress=told.append)
    assert [state.passes for state in told] == list(range(1, found.passes))  # the last pass takes residuals
    assert told[-1].is_done
    assert not told[-2].is_done
    assert all(np.all(np.diff(state.values) >= 0) for state in told)
    bounds = np.array([state.values for state in told])
    assert np.all(bounds >= found.values - 1e-9)  # from above (Rayleigh and Ritz)


def test_an_exception_of_the_callback_ends_the_search(tmp_path):
    def stop(_state):
        raise KeyboardInterrupt

    matrix = random_matrix(HERMITIAN)
    with stored(tmp_path / "a", matrix) as file, pytest.raises(KeyboardInterrupt):
        lowest_eigenpairs(file, 2, memory_bytes=budget(matrix, 3), progress=stop)


def changed(matrix, row, column, value):
    matrix[row, column] = value
    return matrix


WRONG = {  # matrix, symmetry, what the search says of it, what LAPACK's side says
    "mirrored without conjugate": (
        random_matrix(SYMMETRIC, complex),
        HERMITIAN,
        "allowed: a Hermitian one",
        "allowed: a Hermitian matrix",
    ),
    "mirrored with conjugate": (
        random_matrix(HERMITIAN, complex),
        SYMMETRIC,
        "allowed: a complex symmetric one",
        "allowed: a complex symmetric matrix",
    ),
    "one element": (
        changed(random_matrix(HERMITIAN), 250, 3, 0.123456),
        HERMITIAN,
        "differs from its mirror image by",
        r"got .* at \(3, 250\) and 0.123456 at \(250, 3\), which differ by",
    ),
    "a diagonal that is not real": (
        changed(random_matrix(HERMITIAN, complex), 7, 7, 1 + 1e-6j),
        HERMITIAN,
        "differs from its mirror image by",
        r"at \(7, 7\) .* differ by 2.0e-06",
    ),
    "infinite": (
        changed(random_matrix(HERMITIAN), 299, 5, -np.inf),
        HERMITIAN,
        *[r"got -inf at \(299, 5\), allowed: finite elements of up to 1e\+300"] * 2,
    ),
    "nan": (
        changed(random_matrix(SYMMETRIC, complex), 111, 0, complex(0, np.nan)),
        SYMMETRIC,
        *[r"got .*nanj?\)? at \(111, 0\)"] * 2,
    ),
    "too large": (
        changed(random_matrix(HERMITIAN), 0, 0, 1e305),
        HERMITIAN,
        *[r"got 1e\+305 at \(0, 0\)"] * 2,
    ),
}


@pytest.mark.parametrize("is_in_memory", [False, True])
@pytest.mark.parametrize("wrong", WRONG)
def test_a_matrix_without_its_symmetry_is_refused(tmp_path, wrong, is_in_memory):
    matrix, symmetry, *messages = WRONG[wrong]
    memory_bytes = matrix.nbytes * 5 if is_in_memory else budget(matrix, 2)
    with stored(tmp_path / "a", matrix) as file, pytest.raises(ValueError, match=messages[is_in_memory]):
        lowest_eigenpairs(file, 2, symmetry, memory_bytes=memory_bytes)


@pytest.mark.parametrize("memory_bytes", [150_000, 2**20])
@pytest.mark.parametrize("power", [-660, 660])
@pytest.mark.parametrize("symmetry", Symmetry)
def test_elements_whose_squares_are_no_numbers(tmp_path, symmetry, power, memory_bytes):
    """About 1e-200 and 1e+200: all is as with moderate ones, times a power of two."""
    n, factor = 100, 2.0**power
    matrix = random_matrix(symmetry, float if symmetry is HERMITIAN else complex, n)
    states, found = [], []
    for name, times in (("a", 1.0), ("b", factor)):
        with stored(tmp_path / name, matrix * times) as file:
            found.append(
                lowest_eigenpairs(file, 1, symmetry, memory_bytes=memory_bytes, progress=states.append)
            )
    moderate, extreme = found
    assert_same_directions(extreme.vectors, moderate.vectors)
    assert np.allclose(extreme.values / factor, moderate.values, rtol=1e-10, atol=0)
    assert 0 < extreme.residuals[0] / factor < 1e-8
    assert bool(states) == (memory_bytes < 2**20)
    if states:
        assert states[-1].is_done
        assert abs(states[-1].values[0] / factor - moderate.values[0]) < 1e-8


@pytest.mark.parametrize(
    ("matrix", "symmetry", "k", "options", "message"),
    [
        (((4, 5), float), HERMITIAN, 1, {}, "got a matrix of shape \\(4, 5\\), allowed: \\(n, n\\)"),
        (((4, 4), np.float32), HERMITIAN, 1, {}, "got a matrix of float32, allowed: float64 or complex128"),
        (((4, 4), np.dtype(float).newbyteorder()), HERMITIAN, 1, {}, "allowed: float64 or complex128"),
        (
            ((4, 4), float),
            SYMMETRIC,
            1,
            {},
            "got a matrix of float64, allowed: complex128 where it is complex sym",
        ),
        (((4, 4), float), "hermitean", 1, {}, "'hermitean' is not a valid Symmetry"),
        (((4, 4), float), HERMITIAN, 0, {}, "got k=0, allowed: 1 to 4"),
        (((4, 4), float), HERMITIAN, 5, {}, "got k=5, allowed: 1 to 4"),
        (((4, 4), float), HERMITIAN, 1, {"tolerance": 0}, "got tolerance=0"),
        (((4, 4), float), HERMITIAN, 1, {"tolerance": np.nan}, "got tolerance=nan"),
        (((4, 4), float), HERMITIAN, 1, {"max_passes": 0}, "max_passes=0"),
        (
            ((4, 4), float),
            HERMITIAN,
            1,
            {"passes_per_checkpoint": 0},
            "passes_per_checkpoint=0; allowed: all above 0",
        ),
    ],
)
def test_what_is_no_eigenproblem_is_refused(tmp_path, matrix, symmetry, k, options, message):
    with stored(tmp_path / "a", np.ones(*matrix)) as file, pytest.raises(ValueError, match=message):
        lowest_eigenpairs(file, k, symmetry, memory_bytes=2**20, **options)


def test_rows_that_are_not_valid_are_refused(tmp_path):
    with MappedMatrix.create(tmp_path / "a", (9, 9)) as file:
        file[:3] = 1
        file.flush()
        with pytest.raises(
            ValueError, match="got a matrix with 6 rows not valid, the first 3, allowed: none"
        ):
            lowest_eigenpairs(file, 1, memory_bytes=2**20)
