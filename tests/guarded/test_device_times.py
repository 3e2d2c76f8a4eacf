"""Time of each kernel on a device by CUDA's events; a baseline is of one class of machine, and so of one device."""

from __future__ import annotations

import numpy as np
import pytest

from reference_impl.cuda import CupyDevice, DeviceForces, EventClock, ListBuilder, launch
from reference_impl.cuda.system import coordinates
from reference_impl.dynamics import fcc_lattice, thermal_velocities
from reference_impl.dynamics.device_run import DeviceRun
from reference_impl.dynamics.list_run import Pace
from tests.guarded.conftest import DENSITY, LIST_CUTOFF

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.benchmark(timer=EventClock().seconds, min_rounds=10, max_time=1.0),
]
PACE = Pace(time_step=0.005, cutoff=2.5, skin=0.3, rebuild_every=0)
ATOMS = 100_000


@pytest.fixture(scope="module")
def run():
    """A liquid: that of the lattice has melted."""
    positions, lengths = fcc_lattice(ATOMS, DENSITY)
    velocities = thermal_velocities(len(positions), 1.44, np.random.default_rng(0))
    ready = DeviceRun(positions, velocities, lengths, PACE, device=CupyDevice(), precision="mixed")
    ready.advance(200)
    return ready


@pytest.fixture(scope="module")
def system(run):
    """Device, box lengths, and (3, N) positions there."""
    device, positions = CupyDevice(), run.positions()
    return device, fcc_lattice(ATOMS, DENSITY)[1], device.from_host(coordinates(positions))


def test_list_build(benchmark, system):
    device, lengths, positions = system
    builder = ListBuilder(device, lengths, LIST_CUTOFF, positions.shape[1])
    builder.build(positions)  # kernels are compiled, and the indices have their room
    found = benchmark(builder.build, positions)
    assert found.pairs > 60 * ATOMS


@pytest.mark.parametrize("precision", ["float32", "mixed", "float64"])
def test_forces(benchmark, system, precision):
    device, lengths, positions = system
    atoms = positions.shape[1]
    neighbors = ListBuilder(device, lengths, LIST_CUTOFF, atoms).build(positions)
    ordered = device.empty((3, atoms), np.float64)
    launch(device, "gather_vectors", atoms, positions, neighbors.order, atoms, ordered)
    loops = DeviceForces(device, lengths, PACE.cutoff, atoms, precision=precision)
    loops.by_list(ordered, neighbors)  # compiles
    benchmark(loops.by_list, ordered, neighbors)
    assert loops.energy < -5 * ATOMS


def test_steps_with_the_builds_that_fall_due(benchmark, run):
    benchmark(run.advance, 50)
    assert run.list_builds > 10
