"""A device that is there and fails: every window says so, and nothing ends for being watched."""

import importlib
import sys
from functools import partial

import pytest

from pytest_memguard.model import WindowPlan
from pytest_memguard.probes import make_probe
from pytest_memguard.probes.calibration import complaint_about
from pytest_memguard.probes.device.driver import load_reader
from pytest_memguard.probes.device.known import Known

MIB = 1 << 20
OVER_CUPY = ["cupy", "cupy_pinned", "cuda_async"]
FULL = "self-calibration: a known allocation of 8.0 MiB failed: "


def failing(error):
    def fail(*arguments, **keywords):
        raise error

    return fail


@pytest.fixture
def broken(cupy, monkeypatch):
    """The devices can be counted, and nothing else."""
    error = cupy.cuda.runtime.CUDARuntimeError(46)
    for name in ("getDevice", "deviceSynchronize", "deviceGetMemPool", "deviceGetPCIBusId"):
        monkeypatch.setattr(cupy.cuda.runtime, name, failing(error))
    for name in ("alloc", "malloc_async", "alloc_pinned_memory"):
        monkeypatch.setattr(cupy.cuda, name, failing(error))
    monkeypatch.setattr(cupy.machine, "get_device", failing(error))
    return cupy


@pytest.mark.parametrize("name", OVER_CUPY)
def test_a_device_that_only_counts_is_said_by_a_window(broken, name):
    if name == "cuda_async":
        broken.cuda.set_allocator(broken.cuda.malloc_async)
    window = make_probe(name).open(WindowPlan(wants_leak=True))
    assert window.settle() == 0
    assert window.mark().broken == f"{name} does not answer: CUDARuntimeError: cudaError: 46"
    reading = window.close()
    assert (reading.peak_bytes, reading.retained_bytes) == (None, None)


@pytest.mark.parametrize("name", OVER_CUPY)
def test_a_probe_that_cannot_be_calibrated_is_not_available(broken, name):
    assert complaint_about(make_probe(name)) == f"{FULL}CUDARuntimeError: cudaError: 46"


def test_a_window_that_fails_to_open_leaves_the_library_as_it_was(cupy, monkeypatch):
    probe, before = make_probe("cupy"), cupy.cuda.get_allocator()
    with monkeypatch.context() as fault:
        fault.setattr(probe.source, "reset_high_water", failing(MemoryError("no room")))
        assert "no room" in probe.open(WindowPlan()).close().broken
    assert cupy.cuda.get_allocator() == before
    assert probe.open(WindowPlan()).close().broken == ""


def test_counters_that_fail_as_a_window_opens_leave_nothing_in_place(fakes, monkeypatch):
    torch = importlib.import_module("torch")
    torch.cuda.init()
    probe, before = make_probe("torch"), vars(torch._C).copy()
    with monkeypatch.context() as fault:
        fault.setattr(torch.cuda, "memory_stats_as_nested_dict", failing(RuntimeError("illegal address")))
        assert "illegal address" in probe.open(WindowPlan()).close().broken
    assert vars(torch._C) == before
    assert probe.open(WindowPlan()).close().broken == ""


def test_a_library_that_cannot_settle_is_read_all_the_same(cupy, monkeypatch):
    """As CuPy without cuFFT, whose plans need no clearing."""
    monkeypatch.setattr(cupy.fft.config, "get_plan_cache", failing(ImportError("libcufft.so.11")))
    window = make_probe("cupy").open(WindowPlan(wants_leak=True))
    kept = cupy.cuda.alloc(MIB)
    assert window.settle() == 0
    reading = window.close()
    assert (reading.retained_bytes, reading.broken) == (kept.mem.size, "")


@pytest.mark.parametrize("name", OVER_CUPY)
def test_a_device_that_fails_inside_the_window_is_closed_all_the_same(cupy, name, monkeypatch):
    if name == "cuda_async":
        cupy.cuda.set_allocator(cupy.cuda.malloc_async)
    probe = make_probe(name)
    window = probe.open(WindowPlan(wants_leak=True))
    error = cupy.cuda.runtime.CUDARuntimeError(700)
    with monkeypatch.context() as fault:
        fault.setattr(cupy.machine, "status", 700)
        fault.setattr(cupy.cuda.runtime, "deviceSynchronize", failing(error))
        fault.setattr(cupy.cuda, "alloc_pinned_memory", failing(error))
        assert "cudaError: 700" in window.close().broken
    assert probe.open(WindowPlan()).close().broken == ""


@pytest.mark.parametrize("name", ["torch", "rmm", "jax"])
def test_a_device_that_is_full_cannot_be_calibrated_on(fakes, name, monkeypatch):
    library = importlib.import_module(name)
    made = {"torch": "empty", "rmm": "DeviceBuffer", "jax": "device_put"}[name]
    monkeypatch.setattr(library, made, failing(RuntimeError("out of memory")))
    assert complaint_about(make_probe(name)) == f"{FULL}RuntimeError: out of memory"


def test_a_known_allocation_that_cannot_be_given_back_is_let_go(monkeypatch):
    ignored = []
    monkeypatch.setattr(sys, "unraisablehook", ignored.append)
    known = Known(b"", failing(RuntimeError("the device is lost")))
    del known
    assert not ignored


@pytest.mark.parametrize("name", ["jax", "rmm", "cupy"])
@pytest.mark.parametrize("question", ["load", "unavailable"])
def test_a_library_that_cannot_even_be_asked_is_not_available(fakes, name, question, monkeypatch):
    importlib.import_module(name)
    probe = make_probe(name)
    monkeypatch.setattr(probe.source, question, failing(RuntimeError("no such platform")))
    reason = f"{name} does not answer: RuntimeError: no such platform"
    assert complaint_about(probe) == reason
    assert probe.open(WindowPlan()).close().broken in ("", reason)


def test_cuda_that_does_not_start_in_torch_is_said(fakes, monkeypatch):
    torch = importlib.import_module("torch")
    monkeypatch.setattr(torch.cuda, "init", failing(RuntimeError("CUDA driver initialization failed")))
    reason = "torch cannot start CUDA: RuntimeError: CUDA driver initialization failed"
    assert complaint_about(make_probe("torch")) == reason


def test_an_allocator_that_is_no_pool_is_no_reason_to_fail_calibration(cupy):
    """As that of RMM: what is wrong now is said by every window, until the program sets a pool."""
    pool = cupy.cuda.get_allocator()
    cupy.cuda.set_allocator(partial(pool))
    probe = make_probe("cupy")
    assert complaint_about(probe) is None
    assert "counts its bytes" in probe.open(WindowPlan()).close().broken


def test_the_drivers_count_is_left_out_where_the_device_cannot_be_told(cupy, fakes, monkeypatch):
    importlib.import_module("pynvml")
    error = cupy.cuda.runtime.CUDARuntimeError(46)
    monkeypatch.setattr(cupy.cuda.runtime, "deviceGetPCIBusId", failing(error))
    window = make_probe("cupy").open(WindowPlan(wants_leak=True))
    assert window.evidence() == ""
    assert window.close().broken == ""
    assert "cudaError: 46" in make_probe("nvml").open(WindowPlan()).close().broken


def test_a_recording_has_no_load_of_a_device_that_cannot_be_told(broken, fakes):
    assert load_reader() is None
