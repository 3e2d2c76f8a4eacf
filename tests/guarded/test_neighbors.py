"""Neighbor lists: memory by atoms and pairs, as their working set says, and time in proportion."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_memguard import KiB
from reference_impl import neighbor_list
from reference_impl.box import Box
from reference_impl.neighbors import VerletList, brute_force, pairs_within
from reference_impl.neighbors.cell_list import working_set_bytes
from tests.guarded.conftest import LIST_CUTOFF, half_list_pairs, liquid

SIZES = (1_000, 10_000, 100_000)
NOTHING_LEFT = {"leak": "0 B", "probe": "python", "rounds": 3, "warmup": 1}
PYTHON_ITSELF = KiB(16)  # grid, stencil, call frames


@pytest.fixture(scope="module")
def liquids():
    systems = {n: liquid(n) for n in SIZES}
    for positions, box in systems.values():  # compiled, or read from the cache, before anything is measured
        neighbor_list(positions, box, LIST_CUTOFF, full=True)
    return systems


@pytest.fixture(scope="module")
def singles(liquids):
    return {n: (positions.astype(np.float32), box) for n, (positions, box) in liquids.items()}


def list_bytes(n):
    positions, box = liquid(n)
    return working_set_bytes(positions, Box.of(box), LIST_CUTOFF, half_list_pairs(n)) + PYTHON_ITSELF


def payload(n):
    """Bytes of a half list in the caller's order."""
    return 8 * (n + 1) + 4 * half_list_pairs(n)


@pytest.mark.memory_budget(peak=list_bytes, **NOTHING_LEFT)
@pytest.mark.parametrize("n", SIZES)
def test_a_half_list_stays_within_its_working_set(liquids, n):
    result = neighbor_list(*liquids[n], LIST_CUTOFF)
    assert 0.9 * half_list_pairs(n) < len(result.indices) <= half_list_pairs(n)


@pytest.mark.memory_budget(peak=lambda n: 1.15 * payload(n), **NOTHING_LEFT)
@pytest.mark.parametrize("n", [100_000])
def test_a_list_in_the_callers_order_costs_little_more_than_itself(liquids, n):
    neighbor_list(*liquids[n], LIST_CUTOFF)


@pytest.mark.memory_budget(peak=lambda n: 1.25 * payload(n), **NOTHING_LEFT)
@pytest.mark.parametrize("n", [10_000])
def test_a_small_one_is_put_in_order_out_of_the_scratch_of_the_last(liquids, n):
    neighbor_list(*liquids[n], LIST_CUTOFF)


@pytest.mark.memory_budget(peak=lambda n: 1.15 * (payload(n) + 4 * n), **NOTHING_LEFT)
@pytest.mark.parametrize("n", [100_000])
def test_a_list_in_the_sorted_order_costs_little_more_than_itself(liquids, n):
    neighbor_list(*liquids[n], LIST_CUTOFF, order="sorted")


@pytest.mark.memory_budget(peak=lambda n: 1.25 * (payload(n) + 4 * n), **NOTHING_LEFT)
@pytest.mark.parametrize("n", [100_000])
@pytest.mark.parametrize("order", ["caller", "sorted"])
def test_a_second_thread_costs_a_part_of_the_list(liquids, order, n):
    neighbor_list(*liquids[n], LIST_CUTOFF, order=order, threads=2)


@pytest.mark.memory_budget(peak=lambda n: 1.15 * payload(n), **NOTHING_LEFT)
@pytest.mark.parametrize("n", [100_000])
def test_a_tilt_costs_no_memory(liquids, n):
    positions, box = liquids[n]
    cell = np.diag(box)
    cell[2, :2] = 0.3 * box[0], -0.4 * box[0]
    neighbor_list(positions, cell, LIST_CUTOFF)


@pytest.mark.memory_budget(
    peak=lambda n: list_bytes(n) + 8 * n + 2 * 4 * half_list_pairs(n), leak="0 B", probe="python", warmup=1
)
@pytest.mark.parametrize("n", SIZES)
def test_a_full_list_adds_both_directions_to_the_half_list(liquids, n):
    neighbor_list(*liquids[n], LIST_CUTOFF, full=True)


@pytest.mark.memory_budget(peak=lambda n: list_bytes(n) + 24 * n, leak="0 B", probe="python", warmup=1)
@pytest.mark.parametrize("n", SIZES)
def test_single_precision_costs_one_copy_of_the_positions(singles, n):
    neighbor_list(*singles[n], LIST_CUTOFF)


@pytest.mark.memory_budget(peak="baseline", leak="0 B", probe="python", warmup=1)
def test_a_list_of_ten_thousand_atoms(liquids):
    neighbor_list(*liquids[10_000], LIST_CUTOFF)


@pytest.fixture
def verlet(liquids, request):
    n = request.getfixturevalue("n")
    positions, box = liquids[n]
    verlet = VerletList(LIST_CUTOFF - 0.3, 0.3, box)
    verlet.update(positions)
    return verlet


@pytest.mark.memory_budget(peak=PYTHON_ITSELF, **NOTHING_LEFT)
@pytest.mark.parametrize("n", SIZES)
def test_an_update_that_keeps_the_list_allocates_nothing(liquids, verlet, n):
    verlet.update(liquids[n][0])
    assert verlet.builds == 1


@pytest.mark.memory_budget(peak=lambda n: list_bytes(n) + 2 * 24 * n, **NOTHING_LEFT)
@pytest.mark.parametrize("n", SIZES)
def test_a_rebuild_lets_go_of_the_old_list_first(liquids, verlet, n):
    positions = liquids[n][0]
    for _ in range(2):
        positions = positions + 0.2  # not in place: other tests need them as they were
        verlet.update(positions)


@pytest.mark.memory_budget(peak=lambda n: 24 * 8 * n * n, leak="0 B", probe="python", warmup=1)
@pytest.mark.parametrize("n", [100, 300])
def test_broadcast_distances_take_memory_by_the_square(n):
    pairs_within(*liquid(n), 1.5, method="broadcast")


@pytest.mark.memory_budget(
    peak=lambda n: 100 * half_list_pairs(n) + PYTHON_ITSELF, leak="0 B", probe="python", rounds=2, warmup=1
)
@pytest.mark.parametrize("method", ["kdtree", "cell_list"])
@pytest.mark.parametrize("n", [1_000, 10_000])
def test_distances_by_a_tree_or_cells_take_memory_by_the_pairs(liquids, method, n):
    pytest.importorskip("scipy", reason="comes with the extra reference")
    pairs, distances = pairs_within(*liquids[n], LIST_CUTOFF, method=method)
    assert len(pairs) == len(distances) <= half_list_pairs(n)


@pytest.mark.memory_budget(peak="baseline", leak="0 B", probe="python", warmup=1)
def test_the_oracle_holds_one_row_at_a_time():
    brute_force(*liquid(1_000), LIST_CUTOFF)


def test_memory_and_time_grow_with_the_number_of_atoms(memguard, liquids):
    systems = dict(liquids)
    sizes = (1_000, 3_000, 10_000, 30_000, 100_000)
    for n in sizes:
        systems.setdefault(n, liquid(n))
    memguard.scaling(
        lambda n: neighbor_list(*systems[n], LIST_CUTOFF), sizes, peak_exponent=1.1, time_exponent=1.3
    )
