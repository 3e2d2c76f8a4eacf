"""What a system of a thousand, ten thousand and a hundred thousand atoms may cost: time by absolute targets, memory
in proportion and far from what the machine has.

The targets are ten times as high for ten times as many atoms. They are CPU seconds, of one thread: what else runs
on the machine does not count.
"""

from __future__ import annotations

import time

import numpy as np
import psutil
import pytest

from reference_impl import simulate
from reference_impl.backends import HAS_NUMBA
from reference_impl.dynamics import fcc_lattice, radial_distribution, thermal_velocities
from tests.guarded.conftest import DENSITY

SIZES = (1_000, 10_000, 100_000)
STEPS = 20  # of a timed run; its start, with the first list and forces, counts with them
compiled = pytest.mark.skipif(not HAS_NUMBA, reason="the targets are those of compiled kernels")
timed = pytest.mark.benchmark(timer=time.process_time, min_rounds=3, max_time=0.3)


def within(milliseconds):
    """Every size with its time budget: ``milliseconds`` for a thousand atoms."""
    budgets = {n: pytest.mark.time_budget(max=f"{milliseconds * n / 1_000:g} ms") for n in SIZES}
    return pytest.mark.parametrize("n", [pytest.param(n, marks=budget) for n, budget in budgets.items()])


def initialize(n):
    """A crystal with thermal velocities, its list, its forces and its energies."""
    positions, box = fcc_lattice(n, DENSITY)
    rng = np.random.default_rng(n)
    positions += rng.uniform(-0.05, 0.05, positions.shape)
    velocities = thermal_velocities(len(positions), 1.44, rng)
    simulate(positions, velocities, box, steps=0)
    return positions, velocities, box


def analyze(positions, box):
    return radial_distribution(positions, box, cutoff=3.0)


@pytest.fixture(scope="module")
def systems():
    simulate(*initialize(1_000), steps=1)  # compiled, or read from the cache, before anything is measured
    return {n: initialize(n) for n in SIZES}


@compiled
@timed
@within(100)  # measured on a busy machine: 30 to 60 times less
def test_initialization(systems, benchmark, n):
    benchmark(initialize, n)


@compiled
@timed
@within(1 * STEPS)  # 2.5 to 4.5 times less
def test_steps(systems, benchmark, n):
    run = benchmark(simulate, *systems[n], steps=STEPS)
    assert run.samples[-1].step == STEPS


@compiled
@timed
@within(10)  # 6 to 11 times less
def test_analysis(systems, benchmark, n):
    positions, _, box = systems[n]
    found = benchmark(analyze, positions, box)
    assert found.density.max() > 2


@pytest.mark.memory_budget(peak=lambda: psutil.virtual_memory().total // 2, probe="rss")
@pytest.mark.memory_budget(peak=lambda: psutil.virtual_memory().total // 2, probe="python")
def test_a_hundred_thousand_atoms_take_less_than_half_of_the_machine(systems):
    positions, velocities, box = initialize(SIZES[-1])
    analyze(simulate(positions, velocities, box, steps=2).positions, box)


def test_memory_of_a_session_grows_with_the_number_of_atoms(memguard, systems):
    def session(n):
        positions, velocities, box = initialize(n)
        analyze(simulate(positions, velocities, box, steps=2).positions, box)

    memguard.scaling(session, (1_000, 2_000, 4_000, 8_000), peak_exponent=1.1)
