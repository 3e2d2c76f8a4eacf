"""Neighbor lists of a device: the pairs of the host, exactly, in an order that is always the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reference_impl import neighbor_list
from reference_impl.backends import HAS_NUMBA
from reference_impl.box import Box
from reference_impl.cuda import DeviceForces, ListBuilder, launch
from reference_impl.cuda import neighbor_list as on_device
from reference_impl.cuda.neighbors import cells_of, working_set_bytes
from reference_impl.cuda.scan import exclusive_scan
from reference_impl.cuda.system import MAX_ATOMS, box_numbers, coordinates
from tests.reference_impl.cuda.on_cpu.device import CpuDevice
from tests.reference_impl.neighbors.systems import TILTED, liquid


def pairs_by_name(found):
    pairs = found.order[found.pairs()]
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def check(positions, box, cutoff, device, **options):
    found = on_device(positions, box, cutoff, device=device, **options)
    expected = neighbor_list(positions, box, cutoff, full=True)
    np.testing.assert_array_equal(np.sort(found.order), np.arange(len(positions)))
    np.testing.assert_array_equal(pairs_by_name(found), expected.pairs())
    return found


def special_systems():
    rng = np.random.default_rng(5)
    cube = np.full(3, 9.0)
    lattice = np.stack(np.meshgrid(*[np.arange(6)] * 3), axis=-1).reshape(-1, 3) * 1.5
    edge = np.array(
        [[0, 0, 0], [9, 0, 0], [9 - 1e-12, 4.5, 9], [-1e-17, 4.5, 0], [4.5, 9, 4.5], [4.5, 0, 4.5]]
    )
    return {
        "none": (np.empty((0, 3)), cube, 3.0),
        "one": (np.array([[1.0, 2.0, 3.0]]), cube, 3.0),
        "two across a corner": (np.array([[0.1, 0.1, 0.1], [8.9, 8.9, 8.9]]), cube, 3.0),
        "faces": (edge, cube, 4.5),
        "all in one cell": (rng.uniform(0, 0.5, (90, 3)), cube, 1.1),
        "clusters": (rng.normal(0, 0.4, (200, 3)) + rng.integers(0, 2, (200, 1)) * 5, cube, 1.5),
        "distances that equal the cutoff": (lattice, cube, 3.0),
        "half the box": (rng.uniform(0, 9, (60, 3)), cube, 4.5),
        "thin": (rng.uniform(0, 1, (150, 3)) * [3.0, 40.0, 3.1], np.array([3.0, 40.0, 3.1]), 1.5),
        "five cells": (rng.uniform(0, 1, (120, 3)) * [5.01, 7.4, 6.2], np.array([5.01, 7.4, 6.2]), 2.0),
        "far outside": (rng.uniform(-4000, 4000, (100, 3)), cube, 3.5),
        "a gas": (rng.uniform(0, 500, (50, 3)), np.full(3, 500.0), 5.0),
        "just below zero": (
            np.concatenate([-1e-17 * np.eye(4, 3), 9 - rng.uniform(0, 1.5, (60, 3))]),
            cube,
            1.0,
        ),
        "in one place": (np.zeros((5, 3)), cube, 1.0),
    }


@pytest.mark.parametrize("name", special_systems())
def test_pairs_are_those_of_the_host(device, name):
    check(*special_systems()[name], device)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    atoms=st.integers(0, 40),
    lengths=st.tuples(*[st.floats(1.0, 30.0)] * 3),
    share=st.one_of(st.just(1.0), st.floats(0.05, 1.0)),
    kind=st.sampled_from(["uniform", "lattice", "cluster"]),
)
def test_pairs_of_any_system_are_those_of_the_host(library, seed, atoms, lengths, share, kind):
    fractions = np.random.default_rng(seed).uniform(-0.5, 1.5, (atoms, 3))
    fractions = {"uniform": fractions, "lattice": np.rint(fractions * 4) / 4, "cluster": fractions * 0.1}[
        kind
    ]
    cutoff = min(lengths) / 2 * share
    assume(cutoff > 0.02)
    check(fractions * lengths, np.array(lengths), cutoff, CpuDevice(library))


@pytest.mark.parametrize("block", [32, 96, 256])
def test_blocks_of_any_size(device, block):
    positions, box = liquid(157)
    check(positions, box, 2.0, device, block=block)


def test_rounding_near_the_cutoff_is_that_of_the_host(device):
    rng = np.random.default_rng(0)
    centers, toward = rng.uniform(0, 60, (100, 3)), rng.standard_normal((100, 3))
    toward *= (2.5 + rng.uniform(-3e-16, 3e-16, 100) * 2.5)[:, None] / np.linalg.norm(toward, axis=1)[:, None]
    positions = np.concatenate([centers, centers + toward])  # 2.5 apart but for a bit, on either side
    found = check(positions, np.full(3, 60.0), 2.5, device)
    assert 20 < len(found.indices) < 180


def test_the_order_is_that_of_cells_and_in_them_of_numbers(device):
    positions, box = liquid(400)
    found = on_device(positions, box, 2.0, device=device)
    sides = np.array(cells_of(box, 2.0, 400))
    x, y, z = np.floor(positions / box * sides).astype(int).T
    np.testing.assert_array_equal(found.order, np.lexsort((np.arange(400), x, y, z)))
    ascending = np.diff(found.indices[found.indptr[0] : found.indptr[1]])
    assert (ascending < 0).sum() <= 2 * 25  # runs of cells, each in order


def test_two_builds_and_both_orders_of_threads_give_the_same_bits(library):
    positions, box = liquid(300)
    lists = [
        on_device(positions, box, 2.5, device=CpuDevice(library, backwards=backwards))
        for backwards in (False, True, False)
    ]
    for other in lists[1:]:
        for name in ("indptr", "indices", "order"):
            np.testing.assert_array_equal(getattr(lists[0], name), getattr(other, name))


def test_turned_moved_and_renamed_systems_have_the_same_pairs(device):
    positions, box = liquid(150)
    expected = pairs_by_name(on_device(positions, box, 2.0, device=device))
    turned = on_device(positions @ np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]]), box, 2.0, device=device)
    np.testing.assert_array_equal(pairs_by_name(turned), expected)
    moved = on_device(positions + np.array([16.0, -32.0, 4.0]), box, 2.0, device=device)
    np.testing.assert_array_equal(pairs_by_name(moved), expected)
    order = np.random.default_rng(1).permutation(150)
    renamed = order[pairs_by_name(on_device(positions[order], box, 2.0, device=device))]
    np.testing.assert_array_equal(renamed[np.lexsort((renamed[:, 1], renamed[:, 0]))], expected)


def test_a_builder_serves_again_and_allocates_only_for_longer_lists(cpu_device):
    positions, box = liquid(200)
    builder = ListBuilder(cpu_device, box, 2.0, 200)
    sizes = []
    for scale in (1.0, 0.9, 0.95, 0.8):
        found = builder.build(cpu_device.from_host(coordinates(positions * scale)))
        expected = neighbor_list(positions * scale, box, 2.0, full=True)
        assert found.pairs == len(expected.indices)
        np.testing.assert_array_equal(np.diff(found.indptr), np.diff(expected.indptr)[found.order])
        sizes.append(len(found.indices))
    assert sizes[1] == sizes[2] > sizes[0]
    assert sizes[3] == found.pairs  # exactly as many as there are
    assert cpu_device.copied == [8] * 4  # the number of pairs of each


def test_a_builder_holds_what_it_says(cpu_device, monkeypatch):
    given_out = []
    empty = CpuDevice.empty

    def counting(self, shape, dtype):
        given_out.append(empty(self, shape, dtype).nbytes)
        return empty(self, shape, dtype)

    monkeypatch.setattr(CpuDevice, "empty", counting)
    box = np.full(3, 30.0)
    ListBuilder(cpu_device, box, 2.5, 5000)
    assert sum(given_out) == working_set_bytes(5000, int(np.prod(cells_of(box, 2.5, 5000))))


def test_cells_are_no_thinner_than_half_the_reach_and_not_many_more_than_atoms():
    assert cells_of(np.array([28.0, 5.6, 29.0]), 2.8, 10_000) == (19, 3, 20)  # thicker by a hair
    assert np.prod(cells_of(np.full(3, 1e6), 1.0, 100)) <= 464
    assert cells_of(np.array([2.0, 2.0, 2.0]), 1.0, 1) == (3, 3, 3)


@pytest.mark.parametrize(
    ("positions", "box", "cutoff", "message"),
    [
        (np.zeros((2, 3)), TILTED, 2.0, "allowed here: a box of three lengths"),
        (np.zeros((2, 3)), Box.of([9, 9, 9], (True, False, False)), 2.0, "open along y and z, allowed here"),
        (np.zeros((2, 3)), None, 2.0, "open along x and y and z"),
        (np.zeros((2, 3)), [9, 9, 9], 5.0, "allowed: at most half the shortest periodic box length"),
        (np.full((2, 3), np.nan), [9, 9, 9], 2.0, "atom 0 has x = nan"),
        (np.full((2, 3), 9001.0), [9, 9, 9], 2.0, "allowed on a device: up to 1000 times the shortest box"),
    ],
)
def test_what_is_refused(cpu_device, positions, box, cutoff, message):
    with pytest.raises(ValueError, match=message):
        on_device(positions, box, cutoff, device=cpu_device)


@pytest.mark.gpu
@pytest.mark.skipif(not HAS_NUMBA, reason="numba is not installed: the host would take minutes")
def test_a_million_atoms():
    from reference_impl.cuda import CupyDevice

    positions, box = liquid(1_000_000)
    found = on_device(positions, box, 2.8, device=CupyDevice())
    expected = neighbor_list(positions, box, 2.8, full=True)
    order = found.order
    np.testing.assert_array_equal(np.diff(found.indptr), np.diff(expected.indptr)[order])
    for power in (1, 2):  # of the numbers of neighbors: rows of the same sums, and sums of squares
        ours = np.add.reduceat(
            np.append(order[found.indices].astype(np.int64) ** power, 0), found.indptr[:-1]
        )
        theirs = np.add.reduceat(
            np.append(expected.indices.astype(np.int64) ** power, 0), expected.indptr[:-1]
        )
        np.testing.assert_array_equal(ours, theirs[order])


def test_atoms_are_sorted_whatever_the_atomics_say(device):
    """The three kernels of the cell list, by themselves."""
    positions, box = liquid(300)
    sides = (4, 3, 2)
    on = device.from_host
    counts, starts = device.empty(24, np.int32), device.empty(25, np.int64)
    cells, ranks, members, order, ordered = (device.empty(300, np.int32) for _ in range(5))
    device.zero(counts)
    numbers = on(box_numbers(box))
    launch(
        device, "assign_cells", 300, on(coordinates(positions)), numbers, 300, *sides, counts, cells, ranks
    )
    x, y, z = np.floor(positions / box * sides).astype(int).T
    expected = (z * 3 + y) * 4 + x
    np.testing.assert_array_equal(device.to_host(cells), expected)
    np.testing.assert_array_equal(device.to_host(counts), np.bincount(expected, minlength=24))
    exclusive_scan(device, counts, starts)
    launch(device, "scatter_atoms", 300, cells, ranks, starts, 300, members)
    launch(device, "order_atoms", 300, cells, starts, members, 300, order, ordered)
    sorted_atoms = np.argsort(expected, kind="stable")
    np.testing.assert_array_equal(device.to_host(order), sorted_atoms)
    np.testing.assert_array_equal(device.to_host(ordered), expected[sorted_atoms])


@pytest.mark.parametrize("make", [ListBuilder, DeviceForces])
def test_more_atoms_than_threads_can_count_are_refused(make):
    nowhere = None  # is not asked for anything
    with pytest.raises(
        ValueError, match=f"got {MAX_ATOMS + 1} atoms, allowed on a device: up to {MAX_ATOMS}"
    ):
        make(nowhere, np.full(3, 1e3), 2.5, MAX_ATOMS + 1)


class Scarce(CpuDevice):
    """Has no room for more than so many numbers of one array."""

    most = 10**9

    def empty(self, shape, dtype):
        if np.prod(shape) > self.most:
            raise MemoryError("out of memory")
        return super().empty(shape, dtype)


def test_a_builder_that_found_no_room_can_be_used_again(library):
    device, (positions, box) = Scarce(library), liquid(500)
    builder = ListBuilder(device, box, 2.0, 500)
    thin = device.from_host(coordinates(positions * [1, 1, 0.999]))
    here = device.from_host(coordinates(positions))
    device.most = 3 * 500
    for _ in range(2):
        with pytest.raises(MemoryError):
            builder.build(here)
        assert builder._indices.size == 0  # nothing is held meanwhile
    device.most = 10**9
    assert builder.build(here).pairs == len(neighbor_list(positions, box, 2.0, full=True).indices)
    assert builder.build(thin).pairs > 0
