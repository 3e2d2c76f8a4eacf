"""The array pool: it reuses what it was given, and holds no more."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_memguard import KiB, MiB
from reference_impl import ArrayPool

SIZES = (1_000, 10_000, 100_000)
PYTHON_ITSELF = KiB(16)  # call frames, counters, the pool's own objects


def step(pool, atoms):
    """The temporaries of one step: displacements, squares, forces."""
    with pool.array((atoms, 3)) as displacements, pool.array(atoms) as squares:
        displacements.fill(1.0)
        np.einsum("ij,ij->i", displacements, displacements, out=squares)
        with pool.array((atoms, 3), zeroed=True) as forces:
            np.add(forces, displacements, out=forces)


@pytest.mark.memory_budget(probe="array_pool", hit_rate=0.95, allocations=300, leak="0 B")
@pytest.mark.parametrize("n", SIZES)
def test_steps_are_served_from_the_cache(array_pool, n):
    for _ in range(100):
        step(array_pool, n)


@pytest.mark.memory_budget(probe="array_pool", peak=lambda n: 7 * 8 * n, fragmentation=0.0)
@pytest.mark.parametrize("n", SIZES)
def test_a_step_holds_its_three_arrays_and_no_more(array_pool, n):
    step(array_pool, n)


@pytest.mark.memory_budget(peak=PYTHON_ITSELF, leak="0 B", probe="python", rounds=3, warmup=1)
@pytest.mark.parametrize("n", SIZES)
def test_a_warm_step_allocates_no_array(array_pool, n):
    step(array_pool, n)


@pytest.mark.memory_budget(peak="baseline", leak="0 B", probe="python", warmup=1)
def test_a_cold_step(memguard):
    step(ArrayPool(), 100_000)


@pytest.mark.memory_budget(
    peak=lambda limit: limit + MiB(1) + PYTHON_ITSELF, leak="0 B", probe="python", warmup=1
)
@pytest.mark.parametrize("limit", [0, MiB(4)])
def test_the_cache_stays_within_its_limit(limit):
    pool = ArrayPool(max_bytes=limit)
    for kibibytes in range(512, 1025, 16):
        pool.release(pool.acquire(KiB(kibibytes), np.uint8))


@pytest.mark.memory_budget(peak=MiB(1) + PYTHON_ITSELF, leak="0 B", probe="python", rounds=5, warmup=1)
def test_dropped_leases_do_not_pile_up(array_pool):
    for _ in range(50):
        array_pool.acquire(MiB(1), np.uint8)
