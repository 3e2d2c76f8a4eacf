from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.spectral import add_scaled, dealias, scale

LENGTHS = st.lists(st.integers(1, 9), min_size=1, max_size=3)


def noise(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


@given(shape=st.lists(st.integers(0, 30), min_size=1, max_size=3), dtype=st.sampled_from("fdFD"))
def test_sums_and_multiples_are_those_of_numpy(shape, dtype):
    values, out = noise(shape).astype(dtype), noise(shape, 1).astype(dtype)
    expected = out + values.dtype.type(0.3) * values
    add_scaled(out, values, 0.3)
    assert np.array_equal(out, expected)
    scale(out, -2.5)
    assert np.array_equal(out, expected * out.dtype.type(-2.5))
    assert out.dtype.char == dtype


def test_sums_of_more_than_one_chunk_and_of_any_layout():
    out, values = noise((60, 2, 700))[:, 1], noise((700, 60)).T
    expected = out + 1.5 * values
    add_scaled(out, values, 1.5)
    assert np.array_equal(out, expected)
    add_scaled(out, out, 1.0)
    assert np.array_equal(out, 2 * expected)


def test_values_that_would_change_on_the_way_are_refused():
    room = noise((2, 50, 51))
    before = room.copy()
    for values in (room[:, :, :-1], room[:, :, 1:][::-1]):
        with pytest.raises(ValueError, match="got values that share some memory with out"):
            add_scaled(room[:, :, 1:], values, 1.0)
    assert np.array_equal(room, before)
    interleaved = np.moveaxis(room, -1, 0)  # one beside the other, element by element
    add_scaled(interleaved[0], interleaved[1], 1.0)
    assert np.array_equal(interleaved[0], before[..., 0] + before[..., 1])


@pytest.mark.parametrize("values", [np.zeros((3, 4), "f"), np.zeros(4), np.zeros((3, 1))])
def test_values_of_another_shape_or_dtype_are_refused(values):
    with pytest.raises(ValueError, match=r"to add to float64 \(3, 4\), allowed: the same shape and dtype"):
        add_scaled(np.zeros((3, 4)), values, 1.0)


@pytest.mark.parametrize(
    ("dtype", "factor"), [("i8", 0.5), ("i8", 2), ("?", 1.0), ("f4", 1j), ("f8", np.complex128(1j))]
)
def test_values_that_cannot_hold_the_result_are_refused(dtype, factor):
    values = np.ones(3, dtype)
    for call in (scale, partial(add_scaled, values)):
        with pytest.raises(ValueError, match=r"got factor .* allowed: real ones of floats"):
            call(values, factor)
    assert (values == 1).all()


@pytest.mark.parametrize("factor", [2, 2.0, 2 + 0j, np.float32(2), np.complex64(2)])
def test_real_factors_of_any_type(factor):
    values = np.ones(3, np.float32)
    scale(values, factor)
    assert values.tolist() == [2, 2, 2]


def modes(n):
    return np.abs(np.fft.fftfreq(n, 1 / n))


@given(shape=LENGTHS, data=st.data())
def test_modes_below_two_thirds_stay(shape, data):
    axes = data.draw(st.permutations(range(len(shape))).map(tuple))
    spectrum = np.fft.fftn(noise(shape), axes=axes)
    kept = np.ones(shape, bool)
    for axis, n in enumerate(shape):
        kept &= np.moveaxis((3 * modes(n) < n).reshape(-1, *(1,) * (len(shape) - 1)), 0, axis)
    expected = np.where(kept, spectrum, 0)
    dealias(spectrum, shape, axes)
    assert np.array_equal(spectrum, expected)
    half = np.fft.rfftn(noise(shape), axes=axes)
    rest = np.take(kept, np.arange(half.shape[axes[-1]]), axis=axes[-1])
    expected = np.where(rest, half, 0)
    dealias(half, shape, axes)
    assert np.array_equal(half, expected)


@pytest.mark.parametrize("n", [9, 12, 16, 25])
def test_a_product_of_what_is_left_is_that_of_a_finer_grid(n):
    """Without the rule, modes beyond the grid would be folded onto others."""
    spectra = [np.fft.rfft(noise(n, seed)) for seed in (1, 2)]
    for spectrum in spectra:
        dealias(spectrum, (n,))
    product = np.fft.rfft(np.fft.irfft(spectra[0], n) * np.fft.irfft(spectra[1], n))
    dealias(product, (n,))
    fine = [np.fft.irfft(spectrum, 4 * n) * 4 for spectrum in spectra]
    true = np.fft.rfft(fine[0] * fine[1])[: n // 2 + 1] / 4
    kept = 3 * np.arange(n // 2 + 1) < n
    assert np.allclose(product, np.where(kept, true, 0), atol=1e-12 * np.abs(true).max())
    assert np.abs(product).max() > 0


def test_a_spectrum_of_another_field_is_refused():
    with pytest.raises(
        ValueError, match=r"got a spectrum of shape \(8, 8\) .* \(8, 9\) or, of a real field, \(8, 5\)"
    ):
        dealias(np.zeros((8, 8), complex), (8, 9))
    with pytest.raises(ValueError, match="got axes"):
        dealias(np.zeros((8, 8), complex), (8, 8), axes=2)
