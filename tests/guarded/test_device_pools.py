"""Pools of device memory on memory of the host: what a warm step asks the source for, and what an idle pool holds."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_memguard import KiB, MiB
from reference_impl.memory.device import DevicePool, HostMemory, PinnedPool, UnifiedPool

PYTHON_ITSELF = KiB(24)  # arrays, leases, the books of their blocks
ATOMS = 10_000


@pytest.fixture
def device_pool(memguard):
    pool = DevicePool(fraction=0.1, source=HostMemory())
    memguard.watch(pool, "device_pool")
    return pool


def step(pool):
    """The temporaries of one step: displacements and their squares, then forces."""
    displacements, squares = pool.array((ATOMS, 3)), pool.array(ATOMS)
    displacements[:] = 1.0
    np.einsum("ij,ij->i", displacements, displacements, out=squares)
    del squares
    forces = pool.array((ATOMS, 3))
    np.add(displacements, displacements, out=forces)


# Of 240 kB and 80 kB each in its size class; squares go before forces come.
@pytest.mark.memory_budget(probe="device_pool", peak=2 * KiB(256), leak="0 B", hit_rate=0.98, allocations=300)
def test_steps_are_served_from_the_cache(device_pool):
    for _ in range(100):
        step(device_pool)


@pytest.mark.memory_budget(peak=PYTHON_ITSELF, leak="0 B", rounds=5, warmup=1)
def test_a_warm_step_asks_the_source_for_nothing(device_pool):
    step(device_pool)


@pytest.mark.memory_budget(peak=MiB(4) + KiB(32) + PYTHON_ITSELF, leak="0 B", warmup=1)
def test_a_pool_holds_no_more_than_its_limit():
    source = HostMemory()  # each of its blocks has 512 B more, to start at a multiple
    pool = DevicePool(fraction=MiB(4) / source.total_bytes(), source=source)
    for kibibytes in range(16, 1024, 16):
        pool.array(KiB(kibibytes), np.uint8)


@pytest.mark.memory_budget(peak=MiB(12) + KiB(16) + PYTHON_ITSELF, leak="0 B", warmup=1)
def test_what_does_not_fit_on_the_device_waits_on_the_host():
    """Eight arrays of 1 MiB: at the end all are on the host, and the device keeps the room of four."""
    source = HostMemory()
    device = DevicePool(fraction=(MiB(4) + 512) / source.total_bytes(), source=source)
    pool = UnifiedPool(PinnedPool(source=HostMemory()), device)
    arrays = [pool.array(MiB(1), np.uint8) for _ in range(8)]
    for value in (1, 2):
        for array in arrays:
            with array.on_device() as there:
                there[:] = value
    assert {int(array.host()[-1]) for array in arrays} == {2}
    assert pool.traffic.evictions == 12  # of 16 uses, all but the first four


@pytest.fixture
def unified_pool(memguard):
    pool = UnifiedPool(PinnedPool(source=HostMemory()), DevicePool(source=HostMemory()))
    memguard.watch(pool, "unified_pool")
    return pool


@pytest.mark.memory_budget(probe="unified_pool", peak=MiB(2), leak="0 B", hit_rate=0.9)
def test_an_array_that_moves_is_in_two_places_for_a_moment(unified_pool):
    array = unified_pool.array(MiB(1), np.uint8)
    for _ in range(20):
        array.host()
        with array.on_device():
            pass
