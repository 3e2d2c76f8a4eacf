"""Vectors of compiled code, lane by lane against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba", reason="vectors are LLVM's")

from reference_impl.backends import jit
from reference_impl.vectors import values as v

LANES = {np.float64: v.VECTOR_BYTES // 8, np.float32: v.VECTOR_BYTES // 4}


@jit
def everything(x, y, results, numbers):
    lanes = v.lanes(x)
    a, b = v.load(x, 1), v.load(y, 0)
    two = v.splat(x.dtype.type(2.0))
    v.store(results[0], 0, a + b)
    v.store(results[1], 0, a - b)
    v.store(results[2], 0, a * b)
    v.store(results[3], 0, a / b)
    v.store(results[4], 0, v.fma(a, b, two))
    v.store(results[5], 0, v.where_below(a, b, two / (a - a)))
    v.store(results[6], 0, v.larger(a, b))
    numbers[0], numbers[1] = lanes, v.sum_of(a)
    numbers[2], numbers[3] = v.bits_below(a, b), v.any_below(a, b)
    numbers[4], numbers[5] = v.any_below(b, b), v.any_beyond(a, b)
    numbers[6], numbers[7] = v.any_beyond(b, b), v.item(y, 2)


@pytest.mark.parametrize("dtype", LANES)
def test_every_operation(dtype):
    lanes = LANES[dtype]
    rng = np.random.default_rng(0)
    x, y = rng.uniform(1, 2, lanes + 1).astype(dtype), rng.uniform(1, 2, lanes).astype(dtype)
    results, numbers = np.zeros((7, lanes + 1), dtype), np.zeros(8)
    everything(x, y, results, numbers)
    a, b = x[1:], y
    exact = [a + b, a - b, a * b, a / b]
    np.testing.assert_array_equal(results[:4, :lanes], exact)
    np.testing.assert_allclose(results[4, :lanes], a * b + 2, rtol=4 * np.finfo(dtype).eps)
    np.testing.assert_array_equal(results[5, :lanes], np.where(a < b, np.inf, 0))
    np.testing.assert_array_equal(results[6, :lanes], np.maximum(a, b))
    assert not results[:, lanes].any(), "wrote past the vector"
    bits = int(((a < b) << np.arange(lanes)).sum())
    assert numbers[0] == lanes
    assert numbers[1] == pytest.approx(a.sum(), rel=1e-6)
    assert numbers[2:].tolist() == [bits, bits != 0, 0, bool((a > b).any()), 0, y[2]]


@jit
def streamed(x, y, first):
    v.prefetch(x, len(x) + 1000)
    for k in range(first, first + 4 * v.lanes(x), v.lanes(x)):
        v.stream(y, k, v.load(x, k))
    v.drain()


@pytest.mark.parametrize("dtype", LANES)
def test_what_is_streamed_is_written_and_nothing_else(dtype):
    x, lanes = np.arange(64, dtype=dtype), LANES[dtype]
    y = np.zeros(64 + lanes, dtype)
    first = -y.ctypes.data // x.itemsize % lanes  # the first address that a stream can take
    y = y[first:][:64]
    streamed(x, y, lanes)
    np.testing.assert_array_equal(y, np.where((x >= lanes) & (x < 5 * lanes), x, 0))


@jit
def converted(singles, doubles):
    v.store(doubles, 0, v.load_wide(singles, 1))
    v.store(singles, 0, v.load(doubles, 0) + v.splat(1.0))


def test_singles_are_widened_and_doubles_rounded():
    lanes = LANES[np.float64]
    singles = np.arange(2 * lanes, dtype=np.float32) / 3
    doubles = np.zeros(lanes)
    expected = singles[1 : lanes + 1].astype(float)
    converted(singles, doubles)
    np.testing.assert_array_equal(doubles, expected)
    np.testing.assert_array_equal(singles[:lanes], (expected + 1).astype(np.float32))


@jit
def beyond_with_nan(x):
    return v.any_beyond(v.load(x, 0), v.splat(1.0)), v.any_below(v.load(x, 0), v.splat(1.0))


def test_what_is_not_a_number_is_beyond_and_not_below():
    assert beyond_with_nan(np.full(8, np.nan)) == (1, 0)
