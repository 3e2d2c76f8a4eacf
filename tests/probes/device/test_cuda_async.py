"""The cuda_async probe over a fake of CuPy and of the driver's pool."""

import pytest

from pytest_memguard.model import WindowPlan
from pytest_memguard.probes import make_probe
from pytest_memguard.probes.calibration import complaint_about
from pytest_memguard.stats import fragmentation
from pytest_memguard.testing import check_probe

MIB = 1 << 20


@pytest.fixture
def probe(cupy):
    probe = make_probe("cuda_async")
    assert complaint_about(probe) is None
    return probe


def test_it_keeps_the_contract_and_leaves_nothing_in_the_pool(cupy, probe):
    check_probe(probe)
    assert cupy.driver_pools[1].attributes[5] == 0


def test_marks_are_those_of_the_window_and_freed_memory_is_waited_for(cupy, probe):
    kept = cupy.cuda.malloc_async(MIB)
    early = cupy.cuda.malloc_async(9 * MIB)
    del early
    outer = probe.open(WindowPlan())
    first = cupy.cuda.malloc_async(3 * MIB)
    del first
    inner = probe.open(WindowPlan())
    assert inner.close().peak_bytes == 0
    reading = outer.close()
    assert (reading.peak_bytes, reading.retained_bytes) == (3 * MIB, 0)
    assert (reading.after.free_bytes, reading.after.largest_free_bytes) == (9 * MIB, None)
    assert fragmentation(reading) == pytest.approx(1 - 4 / 10)
    assert kept.size == MIB


def test_marks_that_somebody_else_reset_are_noticed(cupy, probe):
    window = probe.open(WindowPlan())
    first = cupy.cuda.malloc_async(3 * MIB)
    window.mark()
    del first
    cupy.cuda.runtime.deviceSynchronize()
    cupy.cuda.runtime.memPoolSetAttribute(1, 8, 0)
    assert "reset the marks" in window.close().broken


def test_another_pool_or_device_is_noticed(cupy, probe):
    window = probe.open(WindowPlan())
    cupy.machine.driver_pool = 2
    assert "another pool" in window.mark().broken
    cupy.machine.driver_pool, cupy.machine.current = 1, 1
    assert "current device is no longer 0" in window.close().broken


def test_what_cannot_be_trimmed_is_evidence(cupy, probe):
    window = probe.open(WindowPlan(wants_leak=True))
    leaked, unused = cupy.cuda.malloc_async(MIB), cupy.cuda.malloc_async(MIB)
    del unused
    assert "released" not in window.evidence()
    cupy.driver_pools[1].trim = lambda keep: None
    cupy.driver_pools[1].attributes[5] = 3 * MIB
    assert window.evidence().startswith("2.0 MiB more cannot be released")
    window.close()
    assert leaked.size == MIB


def test_a_device_without_pools_is_said(cupy, probe):
    cupy.machine.has_driver_pools = 0
    assert probe.open(WindowPlan()).close().broken == "device 0 has no stream-ordered pools"


def test_watching_reads_it_only_where_cupy_uses_it(cupy):
    probe = make_probe("cuda_async")
    assert probe.unavailable() == "CuPy does not allocate from CUDA's stream-ordered pool"
    cupy.cuda.set_allocator(cupy.cuda.malloc_async)
    assert probe.unavailable() is None
    cupy.cuda.set_allocator(cupy.cuda.MemoryAsyncPool().malloc)
    window = probe.open(WindowPlan())
    memory = cupy.cuda.alloc(MIB)
    assert window.close().retained_bytes == memory.size == MIB
