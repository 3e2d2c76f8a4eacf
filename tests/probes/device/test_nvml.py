"""The driver's count, over a fake of nvidia-ml-py."""

import importlib
import sys

import pytest

from pytest_memguard.model import WindowPlan
from pytest_memguard.probes import make_probe
from pytest_memguard.probes.calibration import complaint_about
from pytest_memguard.probes.device.driver import device_used_bytes, load_reader
from pytest_memguard.testing import check_probe

GIB, MIB = 1 << 30, 1 << 20
FIRST, SECOND = "00000000:01:00.0", "00000000:02:00.0"


@pytest.fixture
def pynvml(fakes, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.delenv("PYTEST_XDIST_WORKER_COUNT", raising=False)
    return importlib.import_module("pynvml")


@pytest.fixture
def probe(pynvml):
    return make_probe("nvml")


def test_what_is_in_use_before_and_after(pynvml, probe):
    window = probe.open(WindowPlan(wants_leak=True))
    pynvml.machine.used[FIRST] += MIB
    reading = window.close()
    assert (reading.before.allocated_bytes, reading.retained_bytes) == (GIB, MIB)
    assert (reading.before.free_bytes, reading.after.free_bytes) == (79 * GIB, 79 * GIB - MIB)
    assert (reading.peak_bytes, reading.after.reserved_bytes) == (None, None)


def test_it_is_calibrated_by_nothing(probe):
    assert complaint_about(probe) is None


def test_the_current_device_is_found_by_its_address(pynvml, probe, cupy):
    pynvml.machine.used = {SECOND: 2 * GIB, FIRST: GIB}
    cupy.machine.devices = 2
    assert device_used_bytes() == GIB
    cupy.machine.current = 1
    assert device_used_bytes() == 2 * GIB
    assert probe.open(WindowPlan()).close().before.allocated_bytes == 2 * GIB


def test_of_several_devices_none_is_guessed(pynvml, probe):
    pynvml.machine.used[SECOND] = 0
    assert "several devices" in probe.open(WindowPlan()).close().broken
    assert device_used_bytes() is None


def test_a_device_made_visible_by_its_uuid(pynvml, probe, monkeypatch):
    pynvml.machine.used |= {SECOND: 0, "MIG-0815": 5 * MIB}
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "MIG-0815")
    assert device_used_bytes() == 5 * MIB
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "MIG-4711")
    assert probe.open(WindowPlan()).close().broken == "NVML does not find the device: Not Found"


def test_the_only_instance_of_a_divided_device(pynvml, probe):
    pynvml.machine.instances[FIRST] = [3]
    pynvml.machine.used[FIRST, 3] = 7 * MIB
    assert device_used_bytes() == 7 * MIB
    pynvml.machine.instances[FIRST] = [3, 4]
    assert device_used_bytes() is None
    assert "divided (MIG)" in probe.open(WindowPlan()).close().broken


def test_without_a_driver_or_permission(pynvml, probe):
    window = probe.open(WindowPlan())
    pynvml.machine.may_read = False
    assert window.close().retained_bytes is None
    pynvml.machine.has_driver = False
    assert complaint_about(probe) == "no NVIDIA driver: Driver Not Loaded"
    assert device_used_bytes() is None


def test_without_the_library_the_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert complaint_about(make_probe("nvml")) == "nvidia-ml-py is not installed"
    assert device_used_bytes() is None


def test_workers_that_share_the_device_are_named(probe, monkeypatch):
    assert "workers" not in probe.no_verdict
    monkeypatch.setenv("PYTEST_XDIST_WORKER_COUNT", "4")
    assert "4 workers of this run on it" in probe.no_verdict
    assert probe.open(WindowPlan()).close().notes == (probe.no_verdict,)


def test_the_drivers_count_stands_beside_a_leak(pynvml, cupy, monkeypatch):
    cupy_probe = make_probe("cupy")
    window = cupy_probe.open(WindowPlan(wants_leak=True))
    leaked = cupy.cuda.alloc(MIB)
    pynvml.machine.used[FIRST] += 2 * MIB
    assert window.evidence() == "device +2.0 MiB by the driver's count"
    monkeypatch.setenv("PYTEST_XDIST_WORKER_COUNT", "2")
    assert window.evidence() == "device +2.0 MiB by the driver's count, 2 workers of this run on it"
    window.close()
    assert leaked.mem.size == MIB


def test_it_keeps_the_contract(probe):
    check_probe(probe)
    assert probe.open(WindowPlan()).close().probe == "nvml"


def test_load_of_the_device_that_was_current(pynvml):
    read = load_reader()
    pynvml.machine.busy_percent = 30
    assert read() == 30.0


def test_no_load_without_a_driver_or_a_device(pynvml, monkeypatch):
    pynvml.machine.instances = {FIRST: [0]}
    pynvml.machine.used[FIRST, 0] = 0
    assert load_reader()() is None, "an instance has none"
    pynvml.machine.used[SECOND] = 0
    assert load_reader() is None, "of several devices none is guessed"
    pynvml.machine.has_driver = False
    assert load_reader() is None
    monkeypatch.delitem(sys.modules, "pynvml")
    assert load_reader() is None
    assert "pynvml" not in sys.modules, "nobody uses a device"
