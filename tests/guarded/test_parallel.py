"""Forces by domains: nothing allocated per step, nothing left by workers that come and go."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_memguard import KiB
from reference_impl.dynamics import fcc_lattice
from reference_impl.parallel import DomainForces, Processes, Serial, Threads
from tests.guarded.conftest import DENSITY

PYTHON_ITSELF = KiB(32)  # futures, messages, call frames
DEVICES = {"serial": Serial, "threads": lambda: Threads(2), "processes": lambda: Processes(2)}


def crystal(n):
    positions, box = fcc_lattice(n, DENSITY)
    return positions + np.random.default_rng(n).uniform(-0.05, 0.05, positions.shape), box


@pytest.fixture
def warm(request):
    """Forces that have built their lists, positions, and where the result goes."""
    positions, box = crystal(10_000)
    device = DEVICES[request.param]()
    with DomainForces(len(positions), box, domains=4, device=device) as forces:
        out = np.empty(positions.shape)
        forces.compute(positions, out=out)
        yield forces, positions, out


@pytest.mark.memory_budget(peak=PYTHON_ITSELF, leak="0 B", rounds=3, warmup=1)
@pytest.mark.parametrize("warm", DEVICES, indirect=True)
def test_a_step_that_keeps_its_lists_allocates_nothing(warm):
    forces, positions, out = warm
    forces.compute(positions, out=out)
    assert forces.builds == 1


@pytest.mark.memory_budget(leak="0 B", probe="python", rounds="auto", warmup=1)
@pytest.mark.memory_budget(leak="0 B", probe="heap", rounds="auto", warmup=1)
def test_runs_that_come_and_go_leave_nothing():
    positions, box = crystal(500)
    with DomainForces(len(positions), box, domains=2, device=Threads(2)) as forces:
        forces.compute(positions)


@pytest.mark.memory_budget(leak=KiB(4), probe="python", rounds=2, warmup=1)
@pytest.mark.memory_budget(leak=KiB(256), probe="rss", rounds=2, warmup=1)
def test_workers_that_come_and_go_leave_nothing():
    positions, box = crystal(20_000)  # 2 segments of 480 kB
    with DomainForces(len(positions), box, domains=1, device=Processes(1)) as forces:
        forces.compute(positions)


def test_memory_and_time_grow_with_the_number_of_atoms(memguard):
    systems = {n: crystal(n) for n in (1_000, 3_000, 10_000)}

    def step(n):
        positions, box = systems[n]
        with DomainForces(len(positions), box, domains=2) as forces:
            forces.compute(positions)

    memguard.scaling(step, tuple(systems), peak_exponent=1.1, time_exponent=1.3)
