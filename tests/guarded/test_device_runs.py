"""What a run holds on its device: counted byte by byte where the device is the CPU, and by CuPy's pool on another."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_memguard import KiB
from reference_impl import neighbor_list
from reference_impl.cuda import CupyDevice
from reference_impl.dynamics import fcc_lattice, thermal_velocities
from reference_impl.dynamics.device_run import DeviceRun, working_set_bytes
from reference_impl.dynamics.list_run import Pace
from tests.reference_impl.conftest import KERNELS
from tests.reference_impl.cuda.on_cpu.device import CpuDevice, compiled, missing

PACE = Pace(time_step=0.005, cutoff=1.9, skin=0.3, rebuild_every=0)
FREQUENT = PACE._replace(rebuild_every=3)
ATOMS, MANY = 2_048, 100_000
PYTHON_ITSELF = KiB(64)  # arguments of launches
ROUNDED = KiB(16)  # each array of a pool starts at a multiple of 512 B


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    if reason := missing():
        pytest.skip(reason)
    return compiled(KERNELS, tmp_path_factory.mktemp("kernels"))


def crystal(atoms):
    positions, lengths = fcc_lattice(atoms, 0.8442)
    return positions, thermal_velocities(len(positions), 1.44, np.random.default_rng(0)), lengths


def budget(atoms, precision="mixed"):
    """The crystal's own pairs: a liquid has a few more, and one list more is never held beside another."""
    positions, _, lengths = crystal(atoms)
    pairs = len(neighbor_list(positions, lengths, PACE.cutoff + PACE.skin, full=True).indices)
    return working_set_bytes(lengths, len(positions), pairs, PACE, precision=precision)


def started(device, atoms, pace=PACE, precision="mixed"):
    return DeviceRun(*crystal(atoms), pace, device=device, precision=precision)


HOST_COPIES = 2 * 24 * ATOMS + 2 * 24 * ATOMS  # the crystal, and its coordinates on the way to the device


@pytest.mark.parametrize("precision", ["mixed", "float64"])
@pytest.mark.memory_budget(
    peak=lambda precision: budget(ATOMS, precision) + HOST_COPIES + PYTHON_ITSELF, leak="0 B", warmup=1
)
def test_a_run_holds_its_working_set(library, precision):
    started(CpuDevice(library), ATOMS, precision=precision)


@pytest.fixture
def run(library):
    device = CpuDevice(library)
    device.launched = device.copied = Forgetful()
    ready = started(device, ATOMS, FREQUENT)
    ready.advance(12)
    return ready


class Forgetful(list):
    def append(self, item):
        """Keep nothing: a list of names would grow."""


@pytest.mark.memory_budget(peak=PYTHON_ITSELF, leak="0 B", rounds=3, warmup=1)
def test_steps_and_builds_allocate_no_more_than_sums(run):
    run.advance(6)


@pytest.fixture
def many():
    run = started(CupyDevice(), MANY)
    run.advance(100)
    # A liquid has a few pairs more at times: the list is made longer then, which is no step's own.
    run._builder._indices = run._device.empty(run._neighbors.pairs * 11 // 10, np.int32)
    return run


@pytest.mark.gpu
@pytest.mark.memory_budget(probe="cupy", peak=lambda: budget(MANY) + ROUNDED, leak="0 B", warmup=1)
def test_a_run_holds_its_working_set_on_a_device():
    started(CupyDevice(), MANY)


@pytest.mark.gpu
@pytest.mark.memory_budget(probe="cupy", peak=KiB(64), leak="0 B", rounds=3, warmup=1)
def test_steps_and_builds_allocate_no_more_than_sums_on_a_device(many):
    many.advance(50)
