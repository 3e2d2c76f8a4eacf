"""Forces and whole steps: memory by atoms, as the working set says, nothing allocated per step, time in proportion."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_memguard import KiB
from reference_impl import BlockForces, lennard_jones, neighbor_list, simulate
from reference_impl.dynamics import fcc_lattice, thermal_velocities
from reference_impl.dynamics.block_run import BlockRun
from reference_impl.dynamics.block_run import working_set_bytes as run_bytes
from reference_impl.dynamics.list_run import Pace
from reference_impl.kernels.lennard_jones import working_set_bytes
from tests.guarded.conftest import DENSITY, LIST_CUTOFF

SIZES = (1_000, 10_000, 100_000)
PYTHON_ITSELF = KiB(16)  # box, slices, call frames


def crystal(n):
    positions, box = fcc_lattice(n, DENSITY)
    rng = np.random.default_rng(n)
    positions += rng.uniform(-0.05, 0.05, positions.shape)
    return positions, thermal_velocities(len(positions), 1.44, rng), box


@pytest.fixture(scope="module")
def crystals():
    systems = {}
    for n in SIZES:
        positions, velocities, box = crystal(n)
        systems[n] = positions, velocities, box, neighbor_list(positions, box, LIST_CUTOFF)
        lennard_jones(
            positions, box, systems[n][3]
        )  # compiled, or read from the cache, before it is measured
    simulate(*systems[1_000][:3], steps=1)
    return systems


@pytest.mark.memory_budget(
    peak=lambda n: working_set_bytes(n + n // 50) + PYTHON_ITSELF, leak="0 B", rounds=3, warmup=1
)
@pytest.mark.parametrize("n", SIZES)
def test_forces_allocate_their_result_and_no_more(crystals, n):
    positions, _, box, neighbors = crystals[n]
    found = lennard_jones(positions, box, neighbors)
    assert abs(found.forces.sum(axis=0)).max() < 1e-9


@pytest.fixture
def out(crystals, request):
    return np.empty(crystals[request.getfixturevalue("n")][0].shape)


@pytest.mark.memory_budget(peak=PYTHON_ITSELF, leak="0 B", rounds=3, warmup=1)
@pytest.mark.parametrize("n", SIZES)
def test_forces_into_an_array_of_the_caller_allocate_nothing(crystals, out, n):
    positions, _, box, neighbors = crystals[n]
    lennard_jones(positions, box, neighbors, out=out)


@pytest.fixture
def block_forces(crystals, out, request):
    """Forces that have seen the crystal once, as they are from the second call on."""
    positions, _, box, _ = crystals[request.getfixturevalue("n")]
    forces = BlockForces(box)
    forces(positions, out=out)
    return forces


@pytest.mark.memory_budget(peak=PYTHON_ITSELF, leak="0 B", rounds=3, warmup=1)
@pytest.mark.parametrize("n", SIZES)
def test_forces_over_blocks_allocate_nothing(crystals, block_forces, out, n):
    block_forces(crystals[n][0], out=out)
    assert block_forces.builds == 1


def system_bytes(n, precision, threads):
    positions, box = fcc_lattice(n, DENSITY)
    return run_bytes(box, len(positions), dtype=np.dtype(precision).type, threads=threads) + 2 * PYTHON_ITSELF


@pytest.mark.memory_budget(peak=system_bytes, leak="0 B", rounds=3, warmup=1)
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("n", SIZES)
def test_a_run_stays_within_its_working_set(crystals, n, precision, threads):
    simulate(*crystals[n][:3], steps=2, precision=precision, threads=threads)


@pytest.fixture
def run(crystals, request):
    """A run that is warm: its steps until here found new lists more than once."""
    positions, velocities, box, _ = crystals[request.getfixturevalue("n")]
    pace = Pace(time_step=0.005, cutoff=2.5, skin=0.3, rebuild_every=0)
    threads = request.getfixturevalue("threads")
    run = BlockRun(positions, velocities, box, pace, dtype=np.float64, threads=threads)
    run.advance(30)
    assert run.list_builds > 2
    return run


@pytest.mark.memory_budget(peak=PYTHON_ITSELF, leak="0 B", probe="python", rounds=3, warmup=1)
@pytest.mark.memory_budget(peak=2 * PYTHON_ITSELF, probe="heap", rounds=3, warmup=1)
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("n", [1_000, 10_000])
def test_steps_and_new_lists_allocate_nothing(run, n, threads):
    builds = run.list_builds
    run.advance(20)
    assert run.list_builds > builds


@pytest.mark.memory_budget(peak="baseline", leak="0 B", rounds=3, warmup=1)
def test_a_hundred_steps_of_a_thousand_atoms(crystals):
    run = simulate(*crystals[1_000][:3], steps=100)
    assert run.samples[-1].total_energy == pytest.approx(run.samples[0].total_energy, abs=0.05)


def test_memory_and_time_of_a_step_grow_with_the_number_of_atoms(memguard):
    systems = {n: crystal(n) for n in (1_000, 3_000, 10_000, 30_000)}
    for positions, velocities, box in systems.values():
        simulate(positions, velocities, box, steps=1)
    memguard.scaling(
        lambda n: simulate(*systems[n], steps=5), tuple(systems), peak_exponent=1.1, time_exponent=1.3
    )
