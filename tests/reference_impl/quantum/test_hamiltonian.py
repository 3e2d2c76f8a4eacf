"""Sparse Hamiltonians against SciPy's own sums."""

# ruff: noqa: E402 - SciPy may be missing

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

sparse = pytest.importorskip("scipy.sparse", reason="comes with the extra reference")

from reference_impl.quantum import HamiltonianBuilder, Symmetry

STATES = 12
SYMMETRIES = list(Symmetry)
elements = st.lists(
    st.tuples(st.integers(0, STATES - 1), st.integers(0, STATES - 1), st.complex_numbers(max_magnitude=1e6)),
    max_size=60,
)


def by_scipy(entries, symmetry, dtype=complex):
    """The same through SciPy, duplicates summed in the order they came."""
    rows, columns, values = [], [], []
    for row, column, value in entries:
        mirror = value.conjugate() if symmetry is Symmetry.HERMITIAN else value
        for here, there, what in [(row, column, value), (column, row, mirror)][: 1 + (row != column)]:
            rows.append(here)
            columns.append(there)
            values.append(what)
    return sparse.coo_array((np.array(values, dtype), (rows, columns)), (STATES, STATES)).tocsr()


def allowed(entries, symmetry):
    return [
        (row, column, value.real + 0j if symmetry is Symmetry.HERMITIAN and row == column else value)
        for row, column, value in entries
    ]


def same(one, other):
    return all(
        np.array_equal(getattr(one, part), getattr(other, part)) for part in ("indptr", "indices", "data")
    )


@pytest.mark.parametrize("symmetry", SYMMETRIES)
@given(entries=elements)
def test_one_by_one_it_is_scipys_csr(symmetry, entries):
    entries = allowed(entries, symmetry)
    builder = HamiltonianBuilder(STATES, symmetry, memory_bytes=2**16)
    for entry in entries:
        builder.add(*entry)
    matrix, expected = builder.build(), by_scipy(entries, symmetry)
    assert same(matrix, expected)
    assert matrix.has_canonical_format
    mirrored = matrix.T if symmetry is Symmetry.COMPLEX_SYMMETRIC else matrix.conj().T
    assert np.array_equal(mirrored.toarray(), matrix.toarray())
    vector = np.arange(STATES) + 1j
    assert np.array_equal(matrix @ vector, expected @ vector)


@pytest.mark.parametrize("symmetry", SYMMETRIES)
@given(entries=elements, cut=st.integers(0, 60))
def test_arrays_give_the_same(symmetry, entries, cut):
    entries = allowed(entries, symmetry)
    builder = HamiltonianBuilder(STATES, symmetry, memory_bytes=2**16)
    for part in (entries[:cut], entries[cut:]):
        rows, columns, values = (list(column) for column in zip(*part, strict=True)) if part else ([], [], [])
        builder.extend(np.array(rows, int), np.array(columns, int), np.array(values, complex))
    assert np.allclose(
        builder.build().toarray(), by_scipy(entries, symmetry).toarray(), rtol=1e-12, atol=1e-6
    )


def test_more_can_be_added_after_a_matrix_was_made():
    builder = HamiltonianBuilder(3, Symmetry.HERMITIAN, dtype=float)
    builder.add(0, 1, 2)
    first = builder.build()
    builder.add(1, 0, 3)
    assert first[0, 1] == 2
    assert builder.build().toarray().tolist() == [[0, 5, 0], [5, 0, 0], [0, 0, 0]]
    assert len(builder) == 4


def test_buffers_grow_and_keep_what_is_in_them():
    builder = HamiltonianBuilder(5000, Symmetry.HERMITIAN, dtype=float, memory_bytes=2**21)
    for site in range(4999):
        builder.add(site, site + 1, site)
    matrix = builder.build()
    assert np.array_equal(matrix.diagonal(1), np.arange(4999))
    assert np.array_equal(matrix.diagonal(-1), np.arange(4999))


def test_the_budget_ends_with_all_that_was_there():
    builder = HamiltonianBuilder(100, Symmetry.COMPLEX_SYMMETRIC, memory_bytes=10_000)
    room = (10_000 - 2 * 101 * 4) // 72
    for number in range(room // 2):
        builder.add(number % 50, 50 + number % 50, 1j)
    with pytest.raises(
        MemoryError, match=f"got {room // 2 * 2 + 2} elements, allowed: {room} with memory_bytes=10000"
    ):
        builder.add(1, 2, 3)
    with pytest.raises(MemoryError):
        builder.extend([1, 2], [3, 4], [5, 6])
    assert len(builder) == room // 2 * 2
    assert builder.build().sum() == 1j * (room // 2 * 2)


WRONG = [
    ((0, 3, 1), IndexError, "got element \\(0, 3\\), allowed: 0 to 2", "indices of 0 to 2"),
    ((-1, 0, 1), IndexError, "got element \\(-1, 0\\), allowed: 0 to 2", "indices of 0 to 2"),
    ((0, 1, np.nan), ValueError, "allowed: finite", "allowed: finite"),
    ((0, 1, complex(0, np.inf)), ValueError, "allowed: finite", "allowed: finite"),
    (
        (1, 1, 1 + 1e-9j),
        ValueError,
        "at \\(1, 1\\), allowed: real values there",
        "allowed: real values there",
    ),
]


@pytest.mark.parametrize(("entry", "error", "message", "message_of_arrays"), WRONG)
def test_what_is_no_element_is_refused(entry, error, message, message_of_arrays):
    builder = HamiltonianBuilder(3, Symmetry.HERMITIAN)
    with pytest.raises(error, match=message):
        builder.add(*entry)
    with pytest.raises(error, match=message_of_arrays):
        builder.extend(*([0, part] for part in entry))
    assert len(builder) == 0


def test_real_matrices_take_real_elements():
    builder = HamiltonianBuilder(3, Symmetry.HERMITIAN, dtype=float)
    with pytest.raises(ValueError, match="allowed: real values"):
        builder.add(0, 1, 1j)
    with pytest.raises(ValueError, match="allowed: real values"):
        builder.extend([0], [1], [1j])
    with pytest.raises(IndexError, match="allowed: integers"):
        builder.extend([0.0], [1], [1])
    builder.add(0, 1, 1 + 0j)
    assert builder.build().dtype == float


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"states": 0}, "got states=0, allowed: at least 1"),
        ({"dtype": np.float32}, "got dtype float32, allowed: float64, complex128"),
        ({"memory_bytes": 100}, "got memory_bytes=100, allowed: at least 176"),
    ],
)
def test_what_is_no_hamiltonian_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        HamiltonianBuilder(**{"states": 3, "symmetry": Symmetry.HERMITIAN} | given)
