"""Addresses, copies and streams of a device, where its work is as late as it may be."""

from __future__ import annotations

import ctypes
import sys
import threading
from types import SimpleNamespace

import numpy as np
import pytest

from reference_impl.memory import PoolError
from reference_impl.memory.device import DeviceMemory, DevicePool
from tests.reference_impl.memory.device.fake_cuda import PER_THREAD, FakeCuda


@pytest.fixture
def cuda(monkeypatch):
    cuda = FakeCuda()
    monkeypatch.setitem(sys.modules, "cupy", SimpleNamespace(cuda=cuda))
    return cuda


def test_a_copy_to_the_device_has_arrived_when_it_returns(cuda):
    memory, values = DeviceMemory(), np.arange(8.0)
    address = memory.allocate(64)
    memory.write(address, values)
    assert ctypes.string_at(address, 64) == values.tobytes()


@pytest.mark.parametrize("device", [0, 1])
def test_a_copy_waits_for_the_work_of_every_stream(cuda, device):
    memory, out = DeviceMemory(device), np.zeros(8)
    address = memory.allocate(64)
    with cuda.Device(device):
        other = cuda.stream(77)
    other.queue.append(lambda: ctypes.memset(address, 1, 64))  # as a kernel does that was launched before
    memory.read(address, out)
    assert out.tobytes() == bytes([1] * 64)
    other.queue.append(lambda: ctypes.memset(address, 2, 64))
    memory.write(address, out)
    other.synchronize()
    assert ctypes.string_at(address, 64) == out.tobytes()


def test_streams_are_those_of_the_memory_s_own_device(cuda):
    cuda.current[0], cuda.current[1] = cuda.stream(5), cuda.stream(7)
    assert [DeviceMemory(number).stream() for number in (0, 1)] == [5, 7]


def test_default_streams_of_threads_share_no_blocks(cuda):
    cuda.current[0] = cuda.stream(PER_THREAD)  # one name for the streams of all threads
    pool = DevicePool(source=DeviceMemory())
    first = pool.allocate(1000)
    pool.free(first)
    others = []
    thread = threading.Thread(target=lambda: others.append(pool.allocate(1000)))
    thread.start()
    thread.join()
    assert others[0] != first
    assert pool.allocate(1000) == first


def test_cupy_gets_no_address_of_another_device(cuda):
    pool = DevicePool(source=DeviceMemory(1))
    allocate = pool.allocator
    allocate.__self__.device = 1
    assert cuda.taken[allocate(1000)][0] == 1
    allocate.__self__.device = 0
    with pytest.raises(PoolError, match="got an allocation on device 0, allowed: device 1, that of the pool"):
        allocate(1000)
    assert pool.allocated_bytes == 1024
