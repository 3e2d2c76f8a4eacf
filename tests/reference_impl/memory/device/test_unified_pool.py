from __future__ import annotations

import gc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_memguard.model.protocols import PoolCounters
from reference_impl.memory import PoolError
from reference_impl.memory.device import DevicePool, HostMemory, PinnedPool, UnifiedPool
from tests.reference_impl.memory.device.small_memory import SmallMemory

KIB = 1024


def unified(device_bytes):
    device = DevicePool(fraction=1.0, source=SmallMemory(device_bytes))
    return UnifiedPool(PinnedPool(source=HostMemory()), device)


def test_an_array_moves_to_where_it_is_used():
    pool = unified(8 * KIB)
    array = pool.array((100,))
    assert "nowhere yet" in repr(array)
    assert pool.allocated_bytes == 0
    array.host()[:] = np.arange(100)
    assert (pool.host.allocated_bytes, pool.device.allocated_bytes) == (1024, 0)
    with array.on_device() as values:
        np.add(values, 1, out=values)
    del values
    assert "on the device" in repr(array)
    assert (pool.host.allocated_bytes, pool.device.allocated_bytes) == (0, 1024)
    assert array.host().tolist() == list(range(1, 101))
    assert pool.traffic == (800, 800, 0)
    assert isinstance(pool, PoolCounters)
    assert (pool.allocations, pool.frees, pool.misses) == (3, 2, 2)


def test_marks_are_of_both_places_together():
    pool = unified(8 * KIB)
    array, other = pool.array(KIB, np.uint8), pool.array(2 * KIB, np.uint8)
    array.host()
    with array.on_device():
        pass  # in both places while it moved
    assert (pool.allocated_bytes, pool.high_water_allocated_bytes) == (KIB, 2 * KIB)
    pool.reset_high_water()
    assert pool.high_water_allocated_bytes == KIB
    with other.on_device():
        del array
    assert (pool.allocated_bytes, pool.high_water_allocated_bytes) == (2 * KIB, 3 * KIB)
    assert pool.high_water_reserved_bytes == pool.reserved_bytes == 4 * KIB  # idle blocks are kept


def test_what_was_used_longest_ago_makes_room():
    pool = unified(3 * KIB)
    arrays = [pool.array(KIB, np.uint8) for _ in range(4)]
    for value, array in enumerate(arrays[:3]):
        with array.on_device() as there:
            there[:] = value
    with arrays[0].on_device():
        pass  # 1 is the oldest now
    with arrays[3].on_device() as there:
        there[:] = 3
    assert ["device" in repr(array) for array in arrays] == [True, False, True, True]
    assert pool.traffic.evictions == 1
    assert [set(array.host()) for array in arrays] == [{0}, {1}, {2}, {3}]


def test_what_is_in_use_stays():
    pool = unified(2 * KIB)
    one, two, three = (pool.array(KIB, np.uint8) for _ in range(3))
    with one.on_device(), two.on_device():
        with pytest.raises(MemoryError), three.on_device():
            raise AssertionError
        with pytest.raises(PoolError, match="is used on the device; leave the with block"):
            one.host()
    with three.on_device():
        pass
    assert "host" in repr(one)


def test_a_dropped_array_leaves_no_trace():
    pool = unified(2 * KIB)
    array = pool.array(KIB, np.uint8)
    with array.on_device():
        pass
    del array
    gc.collect()
    assert (pool.allocated_bytes, pool.traffic.evictions) == (0, 0)
    with pool.array(2 * KIB, np.uint8).on_device():
        pass
    assert pool.traffic.evictions == 0


def test_an_array_that_another_thread_drops_meanwhile_makes_no_trouble():
    pool = unified(2 * KIB)
    pool._on_device[7] = lambda: pool._on_device.pop(7, None) and None  # its finalizer is quicker
    with pool.array(2 * KIB, np.uint8).on_device(), pytest.raises(MemoryError):
        pool.room_on_device(pool.array(1, np.uint8))
    assert 7 not in pool._on_device


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["host", "device", "drop"])), max_size=40))
def test_values_survive_every_move(steps):
    pool = unified(3 * KIB)
    arrays, expected = {}, {}
    for number, (which, what) in enumerate(steps):
        if what == "drop":
            arrays.pop(which, None)
            expected.pop(which, None)
            continue
        array = arrays.setdefault(which, pool.array((which + 1, 30)))
        if what == "host":
            values = array.host()
            assert which not in expected or (values == expected[which]).all()
            values[:] = number
        else:
            with array.on_device() as values:
                assert which not in expected or (values == expected[which]).all()
                values[:] = number
        expected[which] = number
        assert pool.device.allocated_bytes <= 3 * KIB
    assert pool.host.allocated_bytes + pool.device.allocated_bytes >= sum(
        240 * (which + 1) for which in arrays
    )
