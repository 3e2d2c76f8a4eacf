"""Spectral derivatives against functions whose derivatives are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_impl.spectral import FFTWorkspaces, spectral_derivative, spectral_divergence
from reference_impl.spectral import derivatives as room
from reference_impl.spectral.engines import ENGINES


@pytest.fixture(scope="module", params=["scipy", "fftw", "numpy"])
def workspaces(request):
    pytest.importorskip(ENGINES[request.param][0], reason="the engine's package is not installed")
    return FFTWorkspaces(engine=request.param)


def waves(n, length, mode, order):
    """cos(k x + 1) and its derivative of that order."""
    k = 2 * np.pi * mode / length
    phase = k * np.arange(n) * (length / n) + 1
    return np.cos(phase), k**order * np.cos(phase + order * np.pi / 2)


@settings(deadline=None)  # plans
@given(
    shape=st.lists(st.integers(1, 5), min_size=1, max_size=3),
    dtype=st.sampled_from("fdFD"),
    order=st.integers(1, 3),
    length=st.sampled_from([1.0, 2 * np.pi, 7.5]),
    data=st.data(),
)
def test_modes_of_the_grid_are_exact(workspaces, shape, dtype, order, length, data):
    axis = data.draw(st.integers(0, len(shape) - 1))
    n = shape[axis] = data.draw(st.integers(3, 40))
    mode = data.draw(st.integers(0, (n - 1) // 2))
    wave, slope = waves(n, length, mode, order)
    along = [-1 if k == axis else 1 for k in range(len(shape))]
    heights = np.random.default_rng(0).normal(size=[1 if k == axis else s for k, s in enumerate(shape)])
    turn = 1 + 2j if dtype in "FD" else 1
    values = (turn * heights * wave.reshape(along)).astype(dtype)
    found = spectral_derivative(values, length, axis, workspaces=workspaces, order=order)
    assert (found.shape, found.dtype.char) == (values.shape, dtype)
    # Rounding of the values grows with the largest wave number of the grid.
    largest = (np.pi * n / length) ** order * np.abs(turn * heights).max()
    limit = 2e-6 if dtype in "fF" else 1e-14 * n
    assert np.abs(found - turn * heights * slope.reshape(along)).max() <= limit * max(largest, 1)


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_several_slabs_are_as_one(workspaces, axis, monkeypatch):
    values = np.random.default_rng(0).normal(size=(40, 41, 42))
    in_one = spectral_derivative(values, 3.0, axis, workspaces=workspaces)
    monkeypatch.setattr(room, "SLAB_BYTES", 50_000)
    in_slabs = spectral_derivative(values, 3.0, axis, workspaces=workspaces)
    assert np.allclose(in_slabs, in_one, rtol=0, atol=1e-12 * np.abs(in_one).max())


@pytest.mark.parametrize(("order", "expected"), [(1, 0), (2, -((np.pi * 8 / 5) ** 2)), (3, 0)])
def test_the_last_mode_of_an_even_grid_has_no_derivative_of_odd_order(workspaces, order, expected):
    comb = np.array([1.0, -1.0] * 4)
    for values in (comb, comb.astype(complex)):
        found = spectral_derivative(values, 5.0, 0, workspaces=workspaces, order=order)
        assert np.allclose(found, expected * comb, rtol=1e-12, atol=1e-12)


def test_a_curl_has_no_divergence(workspaces):
    rng = np.random.default_rng(1)
    lengths, shape = (1.0, 2.0, 3.0), (9, 12, 10)
    a = rng.normal(size=(3, *shape))

    def d(i, j):
        return spectral_derivative(a[i], lengths[j], j, workspaces=workspaces)

    curl = [d(2, 1) - d(1, 2), d(0, 2) - d(2, 0), d(1, 0) - d(0, 1)]
    found = spectral_divergence(curl, lengths, workspaces=workspaces)
    assert (
        np.abs(found).max()
        <= 1e-12 * np.abs(spectral_divergence(a, lengths, workspaces=workspaces)).max() * 50
    )


def test_the_divergence_is_the_sum_of_the_derivatives(workspaces):
    field = np.random.default_rng(2).normal(size=(2, 9, 8))
    out = np.full((9, 8), np.nan)
    assert spectral_divergence(field, (2.0, 3.0), workspaces=workspaces, out=out) is out
    parts = [spectral_derivative(field[i], (2.0, 3.0)[i], i, workspaces=workspaces) for i in range(2)]
    assert np.allclose(out, sum(parts), rtol=1e-13, atol=1e-12)


def test_any_layout_and_read_only_values(workspaces):
    values = np.random.default_rng(3).normal(size=(8, 9))
    expected = spectral_derivative(values, 1.0, 0, workspaces=workspaces)
    turned = np.asfortranarray(values)
    turned.flags.writeable = False
    out = np.zeros((8, 18))[:, ::2]
    assert spectral_derivative(turned, 1.0, 0, workspaces=workspaces, out=out) is out
    assert np.allclose(out, expected, rtol=1e-13, atol=1e-12)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"length": 0.0}, "got length=0.0 for 1 axes, allowed: a positive"),
        ({"length": np.inf}, "got length=inf"),
        ({"axis": 2}, "got axes"),
        ({"order": 0}, "got order=0, allowed: >= 1"),
        ({"values": np.zeros((3, 0))}, "got shape"),
        ({"values": np.zeros((3, 4), int)}, "got dtype"),
        ({"out": np.zeros((3, 5))}, r"allowed: float64 of shape \(3, 4\)"),
        ({"out": np.zeros((3, 4), "f")}, r"allowed: float64 of shape \(3, 4\)"),
    ],
)
def test_what_does_not_go_together_is_refused(workspaces, words, told):
    given_words = {"values": np.zeros((3, 4)), "length": 1.0, "axis": 0} | words
    with pytest.raises(ValueError, match=told):
        spectral_derivative(**given_words, workspaces=workspaces)


def test_an_out_that_would_change_the_values_is_refused(workspaces):
    field = np.zeros((2, 3, 4))
    with pytest.raises(ValueError, match="shares memory"):
        spectral_derivative(field[0], 1.0, 0, workspaces=workspaces, out=field[0])
    with pytest.raises(ValueError, match="shares memory"):
        spectral_divergence(field, 1.0, workspaces=workspaces, out=field[1])
    with pytest.raises(ValueError, match="as many as each has axes"):
        spectral_divergence(np.zeros((3, 3, 4)), 1.0, workspaces=workspaces)
