"""Kernels that do one thing to each atom or number, each against its line of NumPy."""

from __future__ import annotations

import math

import numpy as np
import pytest

from reference_impl.box import Box, minimum_image, wrapped
from reference_impl.cuda import launch
from reference_impl.cuda.reduce import sum_of, sum_of_squares
from reference_impl.cuda.scan import exclusive_scan
from reference_impl.cuda.system import box_numbers

BOX = np.array([7.0, 9.0, 11.5])
SIZES = [(1, 32), (31, 32), (128, 128), (129, 128), (1000, 64), (1000, 96)]  # numbers, threads of a block


def vectors(count, seed=0, *, spread=40.0):
    return np.random.default_rng(seed).uniform(-spread, spread, (3, count))


@pytest.mark.parametrize(("count", "block"), SIZES)
@pytest.mark.parametrize("more", [0, 500])
def test_vectors_are_added_with_any_grid(device, count, block, more):
    first, second = np.random.default_rng(0).standard_normal((2, count)).astype(np.float32)
    arrays = device.from_host(first), device.from_host(second)
    for threads in (count + more, 1):  # more than there are, and so few that each takes several
        sums = device.empty(count, np.float32)
        launch(device, "add_coalesced", threads, *arrays, sums, count, block=block)
        np.testing.assert_array_equal(device.to_host(sums), first + second)


@pytest.mark.parametrize("stride", [1, 8, 33, 5000])
def test_vectors_are_added_with_any_stride(device, stride):
    first, second = np.random.default_rng(0).standard_normal((2, 1001)).astype(np.float32)
    sums = device.empty(1001, np.float32)
    arrays = device.from_host(first), device.from_host(second)
    launch(device, "add_strided", 1001, *arrays, sums, 1001, stride)
    np.testing.assert_array_equal(device.to_host(sums), first + second)


@pytest.mark.parametrize("count", [0, 1, 127, 128, 129, 5000, 40_000])
@pytest.mark.parametrize("block", [32, 256])
def test_scans_are_those_of_cumsum(device, count, block):
    counts = np.random.default_rng(count).integers(0, 9, count).astype(np.int32)
    counts[::7] = 2**31 - 1  # the sums are not int32
    starts = device.empty(count + 1, np.int64)
    exclusive_scan(device, device.from_host(counts), starts, block=block)
    np.testing.assert_array_equal(
        device.to_host(starts), np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
    )


@pytest.mark.parametrize("count", [1, 255, 257, 10_000, 70_001])
def test_sums_are_exact_to_rounding(device, count):
    values = np.random.default_rng(count).standard_normal(count)
    on_device = device.from_host(values)
    scale = np.abs(values).sum() * 1e-15
    assert sum_of(device, on_device) == pytest.approx(math.fsum(values), abs=scale)
    assert sum_of_squares(device, on_device) == pytest.approx(math.fsum(values**2), rel=1e-14)
    assert sum_of(device, on_device) == sum_of(device, on_device)


@pytest.mark.parametrize(("count", "block"), SIZES)
def test_the_farthest_displacement(device, count, block):
    before, box = vectors(count), device.from_host(box_numbers(BOX))
    moved = before + vectors(count, 1, spread=0.5)
    moved[:, count // 2] += 1.0
    images = moved + BOX[:, None] * np.random.default_rng(2).integers(-3, 4, (3, count))
    farthest = device.empty(1, np.int64)
    device.zero(farthest)
    arguments = device.from_host(images), device.from_host(before), box, count, farthest
    launch(device, "max_displacement", count, *arguments, block=block)
    expected = (minimum_image((moved - before).T, BOX) ** 2).sum(axis=1).max()
    assert device.to_host(farthest).view(np.float64)[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("lost", [np.nan, -np.nan, np.inf])
def test_an_atom_that_is_lost_has_no_displacement(device, lost):
    before = vectors(100)
    moved = before.copy()
    moved[1, 77] = lost
    farthest = device.empty(1, np.int64)
    device.zero(farthest)
    box = device.from_host(box_numbers(BOX))
    launch(
        device, "max_displacement", 100, device.from_host(moved), device.from_host(before), box, 100, farthest
    )
    assert np.isnan(device.to_host(farthest).view(np.float64)[0])


@pytest.mark.parametrize(("count", "block"), SIZES)
def test_two_halves_of_a_step(device, count, block):
    positions, velocities, forces = (vectors(count, seed) for seed in range(3))
    x, v, f = (device.from_host(array) for array in (positions, velocities, forces))
    launch(device, "first_half", 3 * count, x, v, f, 3 * count, 0.01, block=block)
    halfway = velocities + 0.005 * forces
    np.testing.assert_allclose(device.to_host(v), halfway, rtol=1e-14, atol=1e-13)
    np.testing.assert_allclose(device.to_host(x), positions + 0.01 * halfway, rtol=1e-14, atol=1e-13)
    launch(device, "second_half", 3 * count, v, f, 3 * count, 0.01, block=block)
    np.testing.assert_allclose(device.to_host(v), velocities + 0.01 * forces, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize(("name", "dtype"), [("places_float32", np.float32), ("places_float64", np.float64)])
def test_places_are_wrapped_and_seen_from_the_middle(device, name, dtype):
    positions, places = vectors(300), device.empty((300, 4), dtype)
    positions[:, 0] = 0.0
    box = device.from_host(box_numbers(BOX))
    launch(device, name, 300, device.from_host(positions), box, 300, places)
    found = device.to_host(places)
    expected = wrapped(positions.T, Box.of(BOX)) - BOX / 2
    np.testing.assert_allclose(found[:, :3], expected, atol=20 * np.finfo(dtype).eps)
    assert not found[:, 3].any()


def test_what_is_gathered(device):
    values, order = vectors(200), np.random.default_rng(1).permutation(200).astype(np.int32)
    names = np.arange(1000, 1200, dtype=np.int32)
    on_device, places = device.from_host(values), device.from_host(order)
    to, names_to = device.empty((3, 200), np.float64), device.empty(200, np.int32)
    launch(device, "gather_vectors", 200, on_device, places, 200, to)
    np.testing.assert_array_equal(device.to_host(to), values[:, order])
    launch(device, "gather_names", 200, device.from_host(names), places, 200, names_to)
    np.testing.assert_array_equal(device.to_host(names_to), names[order])
    launch(device, "gather_wrapped", 200, on_device, places, device.from_host(box_numbers(BOX)), 200, to)
    np.testing.assert_allclose(device.to_host(to), wrapped(values.T, Box.of(BOX)).T[:, order], atol=1e-13)
