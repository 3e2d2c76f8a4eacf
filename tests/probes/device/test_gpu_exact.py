"""Peaks on a real device, to the byte, against sequences whose sizes are known."""

import gc
import threading

import pytest

from pytest_memguard.model import WindowPlan
from pytest_memguard.probes import make_probe
from pytest_memguard.probes.calibration import complaint_about
from pytest_memguard.probes.device.driver import device_used_bytes
from pytest_memguard.testing import check_probe

pytestmark = pytest.mark.gpu

MIB = 1 << 20


@pytest.fixture
def cupy():
    cupy = pytest.importorskip("cupy")
    gc.collect()
    cupy.get_default_memory_pool().free_all_blocks()
    return cupy


@pytest.fixture
def torch():
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("this PyTorch has no CUDA")
    torch.cuda.init()
    gc.collect()
    torch.cuda.empty_cache()
    return torch


def _ready(name):
    probe = make_probe(name)
    assert complaint_about(probe) is None
    return probe


@pytest.mark.parametrize("name", ["cupy", "cupy_pinned", "cuda_async"])
def test_the_probes_over_cupy_keep_the_contract(cupy, name):
    check_probe(_ready(name))


def test_the_probe_over_torch_keeps_the_contract(torch):
    check_probe(_ready("torch"))


def test_the_probe_over_rmm_keeps_the_contract():
    pytest.importorskip("rmm")
    check_probe(_ready("rmm"))


def test_a_known_sequence_in_cupy(cupy):
    probe = _ready("cupy")
    window = probe.open(WindowPlan(wants_leak=True))
    a = cupy.empty(3 * MIB, cupy.uint8)
    b = cupy.empty(1, cupy.uint8)
    del a
    c = cupy.empty(2 * MIB, cupy.uint8)
    threads = [threading.Thread(target=cupy.empty, args=(4 * MIB, cupy.uint8)) for _ in range(3)]
    for thread in threads:
        thread.start()
        thread.join()
    reading = window.close()
    assert reading.broken == ""
    assert reading.peak_bytes == 4 * MIB + 512 + 2 * MIB
    assert reading.retained_bytes == 2 * MIB + 512
    assert b.nbytes + c.nbytes == 2 * MIB + 1


def test_a_known_sequence_in_cupys_stream_ordered_pool(cupy):
    probe = _ready("cuda_async")
    with cupy.cuda.using_allocator(cupy.cuda.MemoryAsyncPool().malloc):
        window = probe.open(WindowPlan())
        a = cupy.empty(6 * MIB, cupy.uint8)  # of whole pages of the driver, 2 MiB each
        del a
        kept = cupy.empty(2 * MIB, cupy.uint8)
        reading = window.close()
    assert reading.broken == ""
    # The order of the stream decides whether the second one waits for the first one's memory.
    assert reading.peak_bytes in {6 * MIB, 8 * MIB}
    assert reading.retained_bytes == kept.nbytes


def test_a_known_sequence_in_pinned_memory(cupy):
    probe = _ready("cupy_pinned")
    window = probe.open(WindowPlan())
    a = cupy.cuda.alloc_pinned_memory(3 * MIB)
    del a
    kept = cupy.cuda.alloc_pinned_memory(1)
    reading = window.close()
    assert (reading.peak_bytes, reading.retained_bytes) == (4 * MIB, 512)  # powers of two
    assert kept.mem.size == 512


def test_a_known_sequence_in_torch(torch):
    probe = _ready("torch")
    window = probe.open(WindowPlan(wants_leak=True))
    a = torch.empty(3 * MIB, dtype=torch.uint8, device="cuda")
    b = torch.empty(1, dtype=torch.uint8, device="cuda")
    del a
    torch.cuda.reset_peak_memory_stats()
    c = torch.empty(2 * MIB, dtype=torch.uint8, device="cuda")
    reading = window.close()
    assert reading.broken == ""
    assert reading.peak_bytes == 3 * MIB + 512
    assert reading.retained_bytes == 2 * MIB + 512
    assert "reset 1 times" in reading.notes[0]
    assert b.nbytes + c.nbytes == 2 * MIB + 1


def test_a_known_sequence_in_rmm():
    rmm = pytest.importorskip("rmm")
    probe, found = _ready("rmm"), rmm.mr.get_current_device_resource()
    window = probe.open(WindowPlan(wants_leak=True))
    a = rmm.DeviceBuffer(size=3 * MIB)
    del a
    kept = rmm.DeviceBuffer(size=MIB)
    with rmm.statistics.statistics():
        inner = rmm.DeviceBuffer(size=MIB)
        assert window.mark().retained_bytes == 2 * MIB
    reading = window.close()
    assert reading.broken == ""
    assert (reading.peak_bytes, reading.retained_bytes) == (3 * MIB, 2 * MIB)
    assert rmm.mr.get_current_device_resource() is found
    assert kept.size + inner.size == 2 * MIB


def test_cupy_and_torch_in_one_process_count_for_themselves(cupy, torch):
    ours, theirs = _ready("cupy"), _ready("torch")
    first, second = ours.open(WindowPlan()), theirs.open(WindowPlan())
    a = cupy.empty(5 * MIB, cupy.uint8)
    b = torch.empty(7 * MIB, dtype=torch.uint8, device="cuda")
    shared = torch.from_dlpack(a)  # the same memory, counted by whom it belongs to
    torch_reading, cupy_reading = second.close(), first.close()
    assert (cupy_reading.peak_bytes, torch_reading.peak_bytes) == (5 * MIB, 7 * MIB)
    assert shared.data_ptr() == a.data.ptr
    assert b.nbytes == 7 * MIB


def test_the_driver_counts_at_least_what_the_pool_holds(cupy):
    pytest.importorskip("pynvml")
    probe = _ready("cupy")
    if device_used_bytes() is None:
        pytest.skip("NVML tells nothing of the device here")
    window = probe.open(WindowPlan(wants_leak=True))
    kept = cupy.empty(256 * MIB, cupy.uint8)
    assert "by the driver's count" in window.evidence()
    window.close()
    assert kept.nbytes == 256 * MIB
