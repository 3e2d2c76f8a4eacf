"""The jax probe over a fake of JAX."""

import importlib
import os
import subprocess
import sys

import numpy as np
import pytest

from pytest_memguard.model import WindowPlan
from pytest_memguard.probes import make_probe
from pytest_memguard.probes.calibration import complaint_about
from pytest_memguard.testing import check_probe

MIB = 1 << 20


@pytest.fixture
def jax(fakes):
    return importlib.import_module("jax")


@pytest.fixture
def probe(jax):
    probe = make_probe("jax")
    assert complaint_about(probe) is None
    return probe


def _array(jax, nbytes):
    return jax.device_put(np.zeros(nbytes, np.uint8), jax.local_devices()[0])


def test_it_keeps_the_contract(probe):
    check_probe(probe)


def test_a_peak_is_known_where_the_mark_moved(jax, probe):
    outer = probe.open(WindowPlan())
    high = _array(jax, 20 * MIB)
    del high
    inner = probe.open(WindowPlan())
    low = _array(jax, MIB)
    del low
    reading = inner.close()
    assert (reading.peak_bytes, reading.retained_bytes) == (None, 0)
    reading = outer.close()
    assert reading.peak_bytes == 20 * MIB
    assert reading.after.allocations - reading.before.allocations == 2
    assert (reading.after.free_bytes, reading.after.largest_free_bytes) == (20 * MIB, 20 * MIB)


def test_a_statistic_that_an_allocator_does_not_keep_is_not_told(jax, probe):
    del jax.devices["gpu"].statistics["pool_bytes"]
    reading = probe.open(WindowPlan()).close()
    assert (reading.after.reserved_bytes, reading.after.free_bytes) == (None, None)


def test_the_default_device_is_read(jax, probe):
    second = jax.Device("gpu")
    second.move(3 * MIB)
    jax.config.jax_default_device = second
    assert probe.open(WindowPlan()).close().before.allocated_bytes == 3 * MIB
    jax.config.jax_default_device = "cpu"
    assert probe.unavailable() == "JAX has no memory statistics on the CPU"


def test_watching_does_not_start_the_devices(jax):
    probe = make_probe("jax")
    assert probe.unavailable() == "JAX has not started its devices"
    assert probe.open(WindowPlan()).close().retained_bytes is None
    assert not jax._src.xla_bridge.is_started


def test_devices_that_do_not_start_say_why(jax):
    jax.devices["gpu"].error = "Unable to initialize backend 'cuda'"
    assert complaint_about(make_probe("jax")) == "JAX has no device: Unable to initialize backend 'cuda'"


_REAL = """
from pytest_memguard.probes import make_probe
from pytest_memguard.probes.calibration import complaint_about
import jax
assert make_probe("jax").unavailable() == "JAX has not started its devices"
print(complaint_about(make_probe("jax")))
"""


def test_the_real_library_on_the_cpu():
    if importlib.util.find_spec("jax") is None:
        pytest.skip("jax is not installed")
    command = [sys.executable, "-c", _REAL]
    environment = {**os.environ, "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120, env=environment)
    assert done.stdout.strip() == "JAX has no memory statistics on the CPU"
