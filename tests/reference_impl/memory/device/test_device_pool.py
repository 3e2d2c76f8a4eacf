"""The pools of a device on memory of the host, and on a device where there is one."""

from __future__ import annotations

import gc
import sys

import numpy as np
import pytest

from reference_impl.backends import NoDeviceError
from reference_impl.memory import PoolError, PoolExhaustedError
from reference_impl.memory.device import DevicePool, HostMemory, PinnedPool
from tests.reference_impl.memory.device.small_memory import SmallMemory

KIB = 1024


def test_a_fraction_of_the_device_is_the_limit():
    pool = DevicePool(fraction=0.25, source=SmallMemory(64 * KIB), preallocated={KIB: 4})
    assert (pool.limit_bytes, pool.reserved_bytes) == (16 * KIB, 4 * KIB)
    kept = [pool.array(3 * KIB, np.uint8) for _ in range(5)]
    with pytest.raises(PoolExhaustedError, match=r"got 1536 B, allowed: up to 1024 B .* of 16384 B in all"):
        pool.array(1500, np.uint8)
    assert sum(array.nbytes for array in kept) == 15 * KIB


@pytest.mark.parametrize("fraction", [0, -0.5, 1.01, float("nan")])
def test_fractions_that_are_none(fraction):
    with pytest.raises(PoolError, match="allowed: above 0, at most 1"):
        DevicePool(fraction=fraction, source=HostMemory())


def test_an_array_s_memory_comes_back_with_its_last_view():
    pool = DevicePool(source=SmallMemory(2**20))
    array = pool.array((10, 3))
    array[:] = 1.5
    view = array[3:, 1]
    del array
    assert pool.allocated_bytes == 512
    assert view.sum() == 10.5
    del view
    assert (pool.allocated_bytes, pool.frees) == (0, 1)
    assert pool.array((), np.int8).shape == ()
    assert pool.array((0, 3)).size == 0


def test_an_array_that_found_no_room_takes_none():
    pool = DevicePool(fraction=1.0, source=SmallMemory(KIB))
    for _ in range(3):
        with pytest.raises(MemoryError):
            pool.array(1000)
    gc.collect()
    assert (pool.allocated_bytes, pool.frees) == (0, 0)


def test_shapes_are_checked_like_those_of_other_pools():
    pool = DevicePool(source=HostMemory())
    with pytest.raises(PoolError, match="lengths >= 0"):
        pool.array((3, -1))
    with pytest.raises(PoolError, match="holds objects"):
        pool.array(3, object)


def test_without_cupy_the_error_names_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    for make in (DevicePool, PinnedPool):
        with pytest.raises(NoDeviceError, match=r"needs CuPy, .* pip install pytest-memguard\[cuda12\]"):
            make()
