"""The cupy_pinned probe over a fake of CuPy."""

import pytest

from pytest_memguard.model import WindowPlan
from pytest_memguard.probes import make_probe
from pytest_memguard.testing import check_probe

MIB = 1 << 20


@pytest.fixture
def probe(cupy):
    return make_probe("cupy_pinned")


def test_it_keeps_the_contract_and_puts_the_pool_back(cupy, probe):
    check_probe(probe)
    assert cupy._pinned_allocator == cupy.get_default_pinned_memory_pool().malloc


def test_buffers_count_for_as_long_as_they_live(cupy, probe):
    window = probe.open(WindowPlan())
    first = cupy.cuda.alloc_pinned_memory(3 * MIB)
    del first
    kept = cupy.cuda.alloc_pinned_memory(1)
    reading = window.close()
    assert (reading.peak_bytes, reading.retained_bytes) == (4 * MIB, 512)  # a power of two
    assert reading.after.reserved_bytes is None
    inner = probe.open(WindowPlan())
    del kept
    assert inner.close().retained_bytes == -512


def test_a_buffer_that_waits_for_its_copy_is_no_leak(cupy, probe):
    window = probe.open(WindowPlan(wants_leak=True))
    cupy.machine.is_synchronized = False
    cupy.copies.append(cupy.cuda.alloc_pinned_memory(MIB))
    assert window.mark().retained_bytes == MIB
    window.settle()
    assert window.close().retained_bytes == 0


def test_another_allocator_set_inside_is_noticed_and_stays(cupy, probe):
    window = probe.open(WindowPlan())
    theirs = cupy.cuda.PinnedMemoryPool().malloc
    cupy.cuda.set_pinned_memory_allocator(theirs)
    assert "another pinned allocator" in window.close().broken
    assert cupy._pinned_allocator is theirs


def test_without_a_device_it_says_so(cupy, probe):
    cupy.machine.status = 35
    assert probe.unavailable() == "no CUDA driver"
