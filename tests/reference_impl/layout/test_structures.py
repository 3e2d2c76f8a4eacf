"""Records, columns and matrices: the same numbers, and the same memory where that is said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from reference_impl.layout import (
    array_of_structures,
    as_matrix,
    as_structures,
    columns,
    is_aligned,
    structure_of_arrays,
)

PARTICLE = np.dtype([("kind", "i1"), ("position", "f8", 3), ("charge", "f4")], align=True)


@pytest.fixture
def particles():
    rng = np.random.default_rng(0)
    made = np.zeros(50, PARTICLE)
    made["kind"], made["position"] = rng.integers(0, 9, 50), rng.random((50, 3))
    made["charge"] = rng.random(50)
    return made


def test_columns_are_the_records(particles):
    found = columns(particles)
    assert list(found) == ["kind", "position", "charge"]
    assert all(np.shares_memory(view, particles) for view in found.values())
    found["charge"][7] = 42
    assert particles[7]["charge"] == 42


def test_arrays_are_contiguous_aligned_copies(particles):
    found = structure_of_arrays(particles)
    assert found["position"].shape == (50, 3)
    for name, array in found.items():
        assert array.flags.c_contiguous
        assert is_aligned(array)
        assert not np.shares_memory(array, particles)
        assert np.array_equal(array, particles[name])
    assert sum(array.nbytes for array in found.values()) == 50 * (1 + 24 + 4)


@pytest.mark.parametrize("align", [False, True])
def test_there_and_back(particles, align):
    back = array_of_structures(structure_of_arrays(particles), align=align)
    assert back.dtype.itemsize == (40 if align else 29)
    assert back.dtype.isalignedstruct == align
    assert all(np.array_equal(back[name], particles[name]) for name in PARTICLE.names)


def test_records_of_their_own_columns_are_themselves(particles):
    assert array_of_structures(columns(particles), align=True) is particles
    assert array_of_structures(columns(particles)) is not particles  # without padding: other records
    part = columns(particles[3:30:2])
    back = array_of_structures(part, align=True)
    assert np.array_equal(back["kind"], particles["kind"][3:30:2])
    swapped = columns(particles) | {"kind": particles["kind"][::-1]}
    assert np.array_equal(array_of_structures(swapped, align=True)["kind"], particles["kind"][::-1])


@given(
    hnp.array_dtypes(hnp.scalar_dtypes(), min_size=1, max_size=5, allow_subarrays=True).flatmap(
        lambda dtype: hnp.arrays(dtype, st.integers(0, 6))
    )
)
def test_any_records_come_back(records):
    back = array_of_structures(structure_of_arrays(records))
    assert back.dtype.names == records.dtype.names
    for name in records.dtype.names:
        assert back[name].tobytes() == records[name].tobytes()


@pytest.mark.parametrize("wrong", [{}, {"a": np.zeros(2), "b": np.zeros(3)}, {"a": np.zeros(())}])
def test_arrays_that_are_no_structure(wrong):
    with pytest.raises(ValueError, match="allowed: one length along the first axis"):
        array_of_structures(wrong)


@pytest.mark.parametrize("split", [columns, structure_of_arrays])
def test_arrays_without_fields(split):
    with pytest.raises(ValueError, match="float64, which has no fields"):
        split(np.zeros(3))


@given(
    matrix=hnp.arrays(
        "f4", hnp.array_shapes(min_dims=1, max_dims=3, max_side=5), elements=st.floats(0, 1, width=32)
    ),
    stride=st.integers(1, 3),
)
def test_rows_are_records_in_the_same_memory(matrix, stride):
    matrix = matrix[::stride] if matrix.ndim > 1 else matrix
    names = [f"c{i}" for i in range(matrix.shape[-1])]
    records = as_structures(matrix, names)
    assert records.shape == matrix.shape[:-1]
    assert np.shares_memory(records, matrix)
    for i, name in enumerate(names):
        assert np.array_equal(records[name], matrix[..., i])
    back = as_matrix(records)
    assert np.array_equal(back, matrix)
    assert back.ctypes.data == matrix.ctypes.data
    assert len(names) == 1 or back.strides[-1] == 4


@pytest.mark.parametrize(
    "dtype", ["f8", "f8, f4", [("a", "f8", 2)], np.dtype([("a", "i1"), ("b", "f8")], align=True),
              {"names": ["a", "b"], "formats": ["f4", "f4"], "offsets": [0, 8]}]
)  # fmt: skip
def test_what_is_no_matrix(dtype):
    with pytest.raises(ValueError, match="allowed: fields of one scalar dtype without padding"):
        as_matrix(np.zeros(3, dtype))


@pytest.mark.parametrize(
    ("matrix", "names", "message"),
    [
        (np.zeros((3, 2)), "abc", r"3 names for shape \(3, 2\)"),
        (np.zeros((3, 0)), "", "0 names"),
        (np.zeros((2, 3)).T, "ab", "last axis that is contiguous"),
    ],
)
def test_what_is_no_array_of_structures(matrix, names, message):
    with pytest.raises(ValueError, match=message):
        as_structures(matrix, list(names))
