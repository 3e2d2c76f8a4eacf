"""Divergence by differences: the numbers of numpy.gradient, in any layout."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reference_impl.backends import HAS_NUMBA
from reference_impl.spectral import divergence
from reference_impl.spectral.difference_kernels import Flow, by_slices, in_one_pass
from reference_impl.spectral.divergence import _steps

needs_numba = pytest.mark.skipif(not HAS_NUMBA, reason="the streamed pass is LLVM's")
SPACINGS = st.sampled_from([0.1, 0.25, 1.0, 3.0, 1e-3, 2.0**-40])


def expected_of(components, spacings):
    total = np.gradient(components[0], spacings[0], axis=0)
    for axis in range(1, len(components)):
        total = total + np.gradient(components[axis], spacings[axis], axis=axis)
    return total


def vector_field(shape, dtype="d", seed=0):
    return np.random.default_rng(seed).normal(size=(len(shape), *shape)).astype(dtype)


def laid_out(field, layout):
    if layout == "interleaved":
        return np.moveaxis(np.ascontiguousarray(np.moveaxis(field, 0, -1)), -1, 0)
    if layout == "columns":
        return [np.asfortranarray(component) for component in field]
    if layout == "backwards":
        return field[..., ::-1].copy()[..., ::-1]
    field.flags.writeable = False
    return field if layout == "one array" else list(field)


@settings(deadline=None)  # the first compiles
@given(
    shape=st.lists(st.integers(2, 9), min_size=1, max_size=4),
    dtype=st.sampled_from("fd"),
    layout=st.sampled_from(["one array", "list", "interleaved", "columns", "backwards"]),
    spacings=st.lists(SPACINGS, min_size=4, max_size=4),
    into=st.sampled_from(["none", "rows", "columns"]),
)
def test_the_numbers_are_those_of_numpy_bit_for_bit(shape, dtype, layout, spacings, into):
    # NumPy 1 divides single numbers of float32 as float64: the two ends of a line.
    assume(len(shape) > 1 or dtype == "d" or not np.__version__.startswith("1."))
    field = vector_field(shape, dtype)
    components = laid_out(field.copy(), layout)
    spacings = spacings[: len(shape)]
    out = None if into == "none" else np.empty(shape, dtype, order="C" if into == "rows" else "F")
    found = divergence(components, spacings, out=out)
    assert found.dtype == dtype
    assert found.shape == tuple(shape)
    assert out is None or found is out
    assert np.array_equal(found, expected_of(field, spacings))


@pytest.mark.parametrize("shape", [(2, 2, 2), (2, 3, 40), (17, 9, 33)])
@pytest.mark.parametrize("spacing", [0.1, 0.5])
def test_the_compiled_pass_and_its_twin_round_alike(shape, spacing):
    field = vector_field(shape)
    steps, inverses = _steps((spacing,) * 3, "d")
    assert inverses.size == (6 if spacing == 0.5 else 0)
    one, other = np.empty(shape), np.empty(shape)
    in_one_pass(Flow(*field, steps, inverses, one), 0, shape[0])
    by_slices(field, steps, other)
    assert np.array_equal(one, other)


@needs_numba
@pytest.mark.parametrize("dtype", ["f", "d"])
@pytest.mark.parametrize("spacing", [0.1, 0.5])
def test_the_streamed_pass_and_its_twin_round_alike_wherever_rows_lie(dtype, spacing):
    from reference_impl.spectral.streamed import in_streams, shortest_row

    steps, inverses = _steps((spacing,) * 3, dtype)
    shortest = shortest_row(np.dtype(dtype).itemsize)
    for length in (*range(shortest, shortest + 17), 128):
        field, expected = vector_field((3, 4, length), dtype, seed=length), np.empty((3, 4, length), dtype)
        by_slices(field, steps, expected)
        for offset in range(0, 16, 3):
            memory = np.full(expected.size + 32, 7.0, dtype)
            found = memory[offset : offset + expected.size].reshape(expected.shape)
            for first in range(3):
                in_streams(Flow(*field, steps, inverses, found), first, first + 1)
            assert np.array_equal(found, expected), (length, offset)
            assert (memory[:offset] == 7).all(), "wrote in front of the result"
            assert (memory[offset + expected.size :] == 7).all(), "wrote behind the result"


@pytest.mark.parametrize("layout", ["one array", "interleaved"])
@pytest.mark.parametrize("threads", [1, np.int64(3)])
@pytest.mark.parametrize("lost_bytes", [0, 8, 4])
def test_fields_that_no_cache_holds(layout, threads, lost_bytes):
    field = vector_field((50, 190, 171))
    memory = np.empty(field[0].nbytes + 64, np.uint8)[lost_bytes:][: field[0].nbytes]
    out = memory.view("d").reshape(field[0].shape)
    assert divergence(laid_out(field.copy(), layout), 0.1, out=out, threads=threads) is out
    assert np.array_equal(out, expected_of(field, (0.1,) * 3))


def test_more_threads_than_planes():
    field = vector_field((2, 1100, 1000))
    assert np.array_equal(divergence(field, threads=9), expected_of(field, (1.0,) * 3))


@pytest.mark.parametrize(
    ("threads", "told"),
    [(0, "got threads=0, allowed: whole numbers"), (1.5, "got threads=1.5, allowed: a whole")],
)
def test_threads_that_cannot_be_are_refused(threads, told):
    with pytest.raises(ValueError, match=told):
        divergence(np.zeros((3, 4, 4, 4)), threads=threads)


def test_what_is_not_finite_stays_where_numpy_has_it():
    field = vector_field((5, 6, 7))
    field[0, 2, 3, 4], field[1, 0, 0, 0], field[2, 4, 5, 6] = np.inf, -np.inf, np.nan
    with np.errstate(invalid="ignore"):
        assert np.array_equal(divergence(field), expected_of(field, (1.0,) * 3), equal_nan=True)


def test_a_linear_flow_expands_everywhere_alike():
    x, y, z = np.meshgrid(*(np.arange(n) * 0.5 for n in (4, 5, 6)), indexing="ij")
    assert np.allclose(divergence([2 * x, -3 * y, 5 * z], 0.5), 4.0, rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("components", "spacing", "told"),
    [
        (np.zeros((2, 4, 4, 4)), 1.0, "got components float64"),
        ([np.zeros((4, 4)), np.zeros((4, 5))], 1.0, r"float64 \(4, 4\), float64 \(4, 5\), allowed: as many"),
        ([np.zeros((4, 4)), np.zeros((4, 4), "f")], 1.0, r"float32 \(4, 4\), allowed"),
        ([], 1.0, "no arrays"),
        ([[1.0, 2.0]], 1.0, "no arrays"),
        (np.zeros((2, 4, 4), "i8"), 1.0, "got dtype <i8, allowed: float32, float64"),
        (np.zeros((2, 4, 4), "D"), 1.0, "got dtype <c16"),
        (np.zeros((2, 1, 4)), 1.0, r"got shape \(1, 4\), allowed: two points or more"),
        (np.zeros((2, 0, 4)), 1.0, r"got shape \(0, 4\)"),
        (np.zeros((2, 4, 4)), 0.0, "got spacing=0.0 for 2 axes, allowed: a positive number"),
        (np.zeros((2, 4, 4)), (1.0, np.nan), "got spacing"),
        (np.zeros((2, 4, 4)), (1.0,) * 3, "for 2 axes"),
        (np.zeros((2, 4, 4)), (np.arange(4.0),) * 2, "got spacing"),
    ],
)
def test_what_does_not_go_together_is_refused(components, spacing, told):
    with pytest.raises(ValueError, match=told):
        divergence(components, spacing)


@pytest.mark.parametrize("out", [np.empty((4, 4), "f"), np.empty((4, 5)), [0.0]])
def test_an_out_of_another_shape_or_dtype_is_refused(out):
    with pytest.raises(ValueError, match=r"allowed: float64 of shape \(4, 4\)"):
        divergence(np.zeros((2, 4, 4)), out=out)


def test_an_out_that_cannot_be_written_or_would_change_the_field_is_refused():
    field = np.zeros((2, 4, 4))
    with pytest.raises(ValueError, match="shares memory"):
        divergence(field, out=field[1])
    out = np.empty((4, 4))
    out.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        divergence(field, out=out)
