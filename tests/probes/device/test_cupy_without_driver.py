"""The allocator of the cupy probe in CuPy itself, over host memory: that much of CuPy works without a driver."""

import ctypes
import weakref

import pytest

from pytest_memguard.model import WindowPlan
from pytest_memguard.probes import make_probe

cupy = pytest.importorskip("cupy", reason="CuPy is not installed (extra gpu-check)")

MIB = 1 << 20


class HostPool:
    """Hands out host memory as CuPy's own objects."""

    def __init__(self):
        self.in_use = self.held = 0

    def malloc(self, size):
        buffer = ctypes.create_string_buffer(size)
        self.in_use += size
        self.held = max(self.held, self.in_use)
        weakref.finalize(buffer, self._free, size)
        memory = cupy.cuda.UnownedMemory(ctypes.addressof(buffer), size, buffer, device_id=0)
        return cupy.cuda.MemoryPointer(memory, 0)

    def _free(self, size):
        self.in_use -= size

    def used_bytes(self):
        return self.in_use

    def total_bytes(self):
        return self.held


@pytest.fixture
def pool(monkeypatch):
    # The two questions that the runtime cannot answer without a driver.
    monkeypatch.setattr(cupy.cuda.runtime, "getDevice", lambda: 0)
    monkeypatch.setattr(cupy.cuda.runtime, "getDeviceCount", lambda: 1)
    before, pool = cupy.cuda.get_allocator(), HostPool()
    cupy.cuda.set_allocator(pool.malloc)
    yield pool
    cupy.cuda.set_allocator(before)


def test_the_allocator_counts_and_is_taken_away_again(pool):
    probe = make_probe("cupy")
    outer = probe.open(WindowPlan())
    first = cupy.cuda.alloc(3 * MIB)
    second = cupy.cuda.alloc(1000)
    del first
    inner = probe.open(WindowPlan())
    third = cupy.cuda.alloc(MIB)
    del third
    inner_reading, reading = inner.close(), outer.close()
    assert (inner_reading.peak_bytes, inner_reading.retained_bytes) == (MIB, 0)
    assert (reading.peak_bytes, reading.retained_bytes) == (3 * MIB + 1000, 1000)
    assert reading.broken == ""
    assert second.mem.size == 1000
    assert cupy.cuda.get_allocator().__self__ is pool


def test_the_memory_handed_out_is_usable(pool):
    window = make_probe("cupy").open(WindowPlan())
    memory = cupy.cuda.alloc(8)
    ctypes.memset(memory.ptr, 7, 8)
    assert ctypes.string_at(memory.ptr, 8) == bytes([7] * 8)
    assert window.close().retained_bytes == 8


def test_an_allocator_that_is_in_force_for_a_thread_is_said(pool):
    with cupy.cuda.using_allocator(HostPool().malloc):
        assert "using_allocator" in make_probe("cupy").open(WindowPlan()).close().broken


def test_a_block_of_another_allocator_is_noticed(pool):
    original = cupy.cuda.memory._set_thread_local_allocator
    window = make_probe("cupy").open(WindowPlan())
    with cupy.cuda.using_allocator(cupy.cuda.get_allocator()):
        pass
    assert window.mark().broken == ""
    with cupy.cuda.using_allocator(HostPool().malloc):
        cupy.cuda.alloc(MIB)
    assert "another CuPy allocator" in window.close().broken
    assert cupy.cuda.memory._set_thread_local_allocator is original


def test_another_allocator_set_inside_is_noticed(pool):
    window = make_probe("cupy").open(WindowPlan())
    theirs = HostPool().malloc
    cupy.cuda.set_allocator(theirs)
    assert "another CuPy allocator" in window.close().broken
    assert cupy.cuda.get_allocator() is theirs
    window = make_probe("cupy").open(WindowPlan())
    ours = cupy.cuda.get_allocator()
    cupy.cuda.set_allocator(pool.malloc)
    cupy.cuda.set_allocator(ours)
    assert "another CuPy allocator" in window.close().broken


@pytest.mark.skipif(make_probe("cupy").unavailable() is None, reason="there is a CUDA device")
def test_without_a_driver_the_probe_says_so():
    assert make_probe("cupy").unavailable().startswith(("no CUDA driver", "no CUDA device"))


class HostBuffer:
    """Stands for memory from cudaHostAlloc."""

    def __init__(self, size):
        self._buffer = ctypes.create_string_buffer(size)
        self.ptr, self.size = ctypes.addressof(self._buffer), size


def test_pinned_buffers_of_the_real_pool_are_followed(monkeypatch):
    pinned = cupy.cuda.PinnedMemoryPool(lambda size: cupy.cuda.PinnedMemoryPointer(HostBuffer(size), 0))
    before = cupy.get_default_pinned_memory_pool().malloc
    monkeypatch.setattr(cupy, "get_default_pinned_memory_pool", lambda: pinned)
    monkeypatch.setattr(cupy.cuda.runtime, "getDeviceCount", lambda: 1)
    window = make_probe("cupy_pinned").open(WindowPlan())
    try:
        first, kept = cupy.cuda.alloc_pinned_memory(3 * MIB), cupy.cuda.alloc_pinned_memory(1)
        del first
        again = cupy.cuda.alloc_pinned_memory(3 * MIB)
        del again
        reading = window.close()
        asked = cupy.cuda.alloc_pinned_memory(1)
    finally:
        cupy.cuda.set_pinned_memory_allocator(before)
    assert (reading.peak_bytes, reading.retained_bytes, reading.broken) == (4 * MIB + 512, 512, "")
    assert (reading.after.allocations, reading.after.frees) == (3, 2)
    assert asked.mem.pool() is pinned
    assert kept.mem.size == 512
