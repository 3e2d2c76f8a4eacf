"""The same pools on a CUDA device."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from reference_impl.memory import PoolError
from reference_impl.memory.device import DeviceMemory, DevicePool, PinnedPool, Transfers, UnifiedPool

pytestmark = pytest.mark.gpu
MIB = 2**20


@pytest.fixture
def cupy():
    return pytest.importorskip("cupy")


@pytest.fixture
def pool(cupy):
    pool = DevicePool(fraction=0.1)
    yield pool
    gc.collect()
    pool.empty_cache()
    assert pool.reserved_bytes == 0


def test_arrays_are_the_device_s(cupy, pool):
    array = pool.array((1000, 3))
    assert isinstance(array, cupy.ndarray)
    array[:] = 2.0
    assert float(array.sum()) == 6000.0
    assert pool.allocated_bytes >= array.nbytes
    view = array[500:]
    del array
    assert pool.allocated_bytes > 0
    del view
    assert pool.allocated_bytes == 0


def test_cupy_allocates_from_the_pool(cupy, pool):
    default = cupy.get_default_memory_pool()
    used_bytes = default.used_bytes()
    with pool.used():
        array = cupy.arange(100_000, dtype=cupy.float64)
        squares = array * array
    assert default.used_bytes() == used_bytes
    assert pool.allocated_bytes >= 1_600_000
    assert float(squares[999]) == 998001.0
    del array, squares
    assert pool.allocated_bytes == 0


def test_a_fraction_of_the_device_is_the_limit(cupy):
    _, total_bytes = cupy.cuda.runtime.memGetInfo()
    assert DevicePool(fraction=0.25).limit_bytes == total_bytes // 4


def test_blocks_of_a_stream_are_its_own(cupy, pool):
    first = pool.allocate(MIB)
    with cupy.cuda.Stream(non_blocking=True):
        pool.free(first)
        other = pool.allocate(MIB)
    assert other != first
    assert pool.allocate(MIB) == first
    pool.free(first)
    pool.free(other)


def test_a_full_device_is_a_memory_error(cupy):
    free_bytes, _ = cupy.cuda.runtime.memGetInfo()
    pool = DevicePool(fraction=1.0)
    with pytest.raises(MemoryError):
        pool.allocate(free_bytes + 2**30)
    assert pool.reserved_bytes == 0


def test_a_device_that_is_not_there():
    with pytest.raises(PoolError, match="got device 99, allowed: 0 to"):
        DeviceMemory(99)


def test_transfers_arrive_whatever_is_dropped(cupy, pool):
    host = PinnedPool(fraction=0.05)
    stream = cupy.cuda.Stream(non_blocking=True)
    copies = Transfers(host, stream)
    arrived = []
    for value in range(20):
        values = host.array(MIB // 8)
        values[:] = value
        with stream:
            arrived.append(copies.to_device(values))
        del values  # its memory must not be the next one's before the copy is done
    copies.wait()
    assert [float(there.max()) for there in arrived] == list(range(20))
    assert [float(there.min()) for there in arrived] == list(range(20))
    back = [copies.to_host(there) for there in arrived]
    copies.wait()
    assert [set(values) for values in back] == [{float(value)} for value in range(20)]
    with stream:
        strided = cupy.arange(2 * MIB)[::2] + 1
        strided = cupy.stack([strided, strided], axis=1)[:, 0]
    in_order = copies.to_host(strided)
    copies.wait()
    np.testing.assert_array_equal(in_order, np.arange(1, 2 * MIB, 2))
    with pytest.raises(PoolError, match="got out of shape"):
        copies.to_host(arrived[0], out=np.empty(3))


def test_arrays_move_between_host_and_device(cupy, pool):
    small = DevicePool(fraction=4.5 * MIB / pool.source.total_bytes())
    unified = UnifiedPool(PinnedPool(fraction=0.05), small)
    arrays = [unified.array((MIB // 8,)) for _ in range(8)]
    for value, array in enumerate(arrays):
        array.host()[:] = value
    for array in arrays:
        with array.on_device() as there:
            assert isinstance(there, cupy.ndarray)
            cupy.add(there, 1, out=there)
    assert [set(array.host()) for array in arrays] == [{float(value + 1)} for value in range(8)]
    assert unified.traffic.evictions == 4
    assert unified.traffic.to_device_bytes == 8 * MIB
