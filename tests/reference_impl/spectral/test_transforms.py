"""Every engine against numpy.fft, for all shapes, axes, dtypes and layouts."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_impl.spectral import FFTWorkspaces, forward_transform, inverse_transform
from reference_impl.spectral.engines import ENGINES

PRECISION = {"f": 2e-6, "F": 2e-6, "d": 1e-12, "D": 1e-12}
SHAPES = st.lists(st.integers(1, 12), min_size=1, max_size=4).map(tuple)


@pytest.fixture(scope="module", params=["scipy", "fftw", "numpy"])
def workspaces(request):
    pytest.importorskip(ENGINES[request.param][0], reason="the engine's package is not installed")
    return FFTWorkspaces(engine=request.param)


def field(shape, dtype, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=shape)
    return (values + 1j * rng.normal(size=shape) if dtype in "FD" else values).astype(dtype)


def assert_close(found, expected, dtype):
    """To the precision of the dtype, relative to the largest value."""
    assert (found.shape, found.dtype.char) == (expected.shape, dtype)
    assert np.abs(found - expected).max() <= PRECISION[dtype] * np.abs(expected).max()


def numpy_forward(values, axes):
    double = values.astype("D" if values.dtype.kind == "c" else "d")
    return (np.fft.fftn if values.dtype.kind == "c" else np.fft.rfftn)(double, axes=axes)


def there_and_back(workspaces, values, axes):
    dtype = values.dtype.char
    before = values.copy()
    spectrum = forward_transform(values, workspaces=workspaces, axes=axes)
    assert_close(spectrum, numpy_forward(values, axes), dtype.upper() if dtype in "fd" else dtype)
    kept = spectrum.copy()
    last = axes[-1] if axes else -1
    real_length = values.shape[last] if dtype in "fd" else None
    back = inverse_transform(spectrum, workspaces=workspaces, axes=axes, real_length=real_length)
    assert_close(back, values, dtype)
    assert np.array_equal(values, before)
    assert np.array_equal(spectrum, kept)


@settings(deadline=None)  # plans
@given(shape=SHAPES, dtype=st.sampled_from("fdFD"), data=st.data())
def test_all_shapes_axes_and_dtypes_agree_with_numpy(workspaces, shape, dtype, data):
    axes = data.draw(st.none() | st.permutations(range(len(shape))).flatmap(
        lambda order: st.integers(1, len(order)).map(lambda k: tuple(order[:k]))
    ))  # fmt: skip
    there_and_back(workspaces, field(shape, dtype), axes)


@pytest.mark.parametrize("dtype", list("fdFD"))
@pytest.mark.parametrize("shape", [(1,), (1, 1), (1, 5), (5, 1), (97,), (3, 35, 49), (40, 60, 52)])
def test_length_one_odd_lengths_and_several_slabs(workspaces, shape, dtype):
    there_and_back(workspaces, field(shape, dtype), None)


@pytest.mark.parametrize("axes", [(0,), (1,), (-1,), (0, 1), (2, 0), (1, 2), (-1, -2)])
def test_some_axes_of_an_array_of_several_slabs(workspaces, axes):
    there_and_back(workspaces, field((40, 60, 52), "d"), axes)


@pytest.mark.parametrize("dtype", list("dD"))
def test_any_layout_and_read_only_values(workspaces, dtype):
    values = field((12, 14, 16), dtype)
    spread = np.zeros((24, 14, 48), dtype)
    spread[::2, :, ::3] = values
    for layout in (np.asfortranarray(values), spread[::2, :, ::3], values[::-1, :, ::-1], values.T):
        layout.flags.writeable = False
        there_and_back(workspaces, layout, None)
    unaligned = np.frombuffer(bytearray(values.nbytes + 1), np.uint8)[1:].view(dtype).reshape(values.shape)
    unaligned[...] = values
    there_and_back(workspaces, unaligned, (0, 2))


def test_results_go_where_they_are_wanted(workspaces):
    values = field((6, 8), "D")
    expected = np.fft.fftn(values)
    wide = np.zeros((6, 16), "D")
    assert forward_transform(values, workspaces=workspaces, out=wide[:, ::2]).base is wide
    assert_close(wide[:, ::2], expected, "D")
    assert not wide[:, 1::2].any()
    assert forward_transform(values, workspaces=workspaces, out=values) is values
    assert_close(values, expected, "D")
    real = np.empty((6, 8))
    half = np.fft.rfftn(field((6, 8), "d", seed=1))
    assert inverse_transform(half, workspaces=workspaces, real_length=8, out=real) is real
    assert_close(real, field((6, 8), "d", seed=1), "d")


@pytest.mark.parametrize("out", [np.empty((6, 5)), np.empty((6, 8), "D"), np.empty((6, 5), "F"), [0j]])
def test_an_out_of_another_shape_or_dtype_is_refused(workspaces, out):
    with pytest.raises(ValueError, match=r"got an out .* allowed: complex128 of shape \(6, 5\)"):
        forward_transform(field((6, 8), "d"), workspaces=workspaces, out=out)


def test_a_read_only_out_is_refused(workspaces):
    out = np.empty((6, 5), "D")
    out.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        forward_transform(field((6, 8), "d"), workspaces=workspaces, out=out)


@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (0, 3)])
def test_empty_values_are_refused(workspaces, shape):
    with pytest.raises(ValueError, match=r"got shape .* allowed: one length or more, each >= 1"):
        forward_transform(np.empty(shape), workspaces=workspaces)


@pytest.mark.parametrize("dtype", ["i8", "f2", "?", "O", "U3", ">f8" if sys.byteorder == "little" else "<f8"])
def test_other_dtypes_are_refused(workspaces, dtype):
    with pytest.raises(ValueError, match=r"got dtype .* allowed: float32, float64, complex64, complex128"):
        forward_transform(np.zeros(4, dtype), workspaces=workspaces)


@pytest.mark.parametrize("axes", [(), (2,), (-3,), (0, 0), (0, -2)])
def test_axes_that_are_not_there_or_named_twice_are_refused(workspaces, axes):
    with pytest.raises(ValueError, match=r"got axes .* allowed: different ones of -2 to 1"):
        forward_transform(np.zeros((3, 4)), workspaces=workspaces, axes=axes)


def test_words_that_are_no_shape_or_axis_are_refused(workspaces):
    with pytest.raises(ValueError, match="got axes 'x', allowed: an int or ints"):
        forward_transform(np.zeros((3, 4)), workspaces=workspaces, axes="x")
    with pytest.raises(ValueError, match=r"got shape 2\.5, allowed"):
        workspaces.lease(2.5)


@pytest.mark.parametrize(
    ("length", "allowed"), [(7, "8 or 9"), (10, "8 or 9"), (0, "8 or 9"), (-8, "8 or 9")]
)
def test_a_real_length_must_go_with_its_half(workspaces, length, allowed):
    with pytest.raises(ValueError, match=f"got real_length={length} of 5 along axis 0, allowed: {allowed}"):
        inverse_transform(np.zeros((5, 3), "D"), workspaces=workspaces, axes=0, real_length=length)
    with pytest.raises(ValueError, match=r"allowed: 1$"):
        inverse_transform(np.zeros(1, "D"), workspaces=workspaces, real_length=2)


def test_a_real_spectrum_is_refused(workspaces):
    with pytest.raises(ValueError, match="got a spectrum of dtype float64"):
        inverse_transform(np.zeros(4), workspaces=workspaces)


def test_patience_finds_the_same_numbers():
    pytest.importorskip("pyfftw", reason="FFTW is an extra")
    workspaces = FFTWorkspaces(engine="fftw-patient")
    for dtype in "fdFD":
        there_and_back(workspaces, field((6, 7), dtype), (1, 0))
