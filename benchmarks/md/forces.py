"""Lennard-Jones forces of a melt: this package's kernels against each other.

Run ``python benchmarks/md/forces.py [--keep]``, which keeps the table in results/. All see the same liquid,
its atoms in random order, and lists within cutoff + skin that are ready, except where a list is said to be new at
each call. The contestants take turns; forces are compared with the oracle's first. Medians of one run: processor time
of the calling thread, by which kernels of one thread are compared, and wall time, which says something of two threads
only on an idle machine.
"""

from __future__ import annotations

import itertools
import os
import statistics
import sys
import time
from pathlib import Path

import numba
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "guard"))
from contest import machine, publish

from reference_impl import BlockForces, lennard_jones, neighbor_list, simulate
from reference_impl.box import Box
from reference_impl.dynamics import fcc_lattice, thermal_velocities
from reference_impl.kernels.lennard_jones import oracle

DENSITY, TEMPERATURE, CUTOFF, SKIN = 0.8442, 1.44, 2.5, 0.3
SIZES = ((1_000, 101), (10_000, 31), (100_000, 9))


def liquid(atoms):
    """Positions after 200 steps from the crystal, in random order."""
    positions, box = fcc_lattice(atoms, DENSITY)
    velocities = thermal_velocities(len(positions), TEMPERATURE, np.random.default_rng(0))
    melted = simulate(positions, velocities, box, steps=200).positions
    return np.random.default_rng(1).permutation(melted), box


def oracle_forces(positions, box, neighbors):
    forces = np.empty(positions.shape)
    oracle.add_forces(positions, Box.of(box), neighbors.indptr, neighbors.indices, CUTOFF**2, forces, True)
    return forces


class Contestant:
    """A call to time, and its largest error."""

    def __init__(self, call, exact):
        self.call, self.error = call, abs(call().forces - exact).max() / abs(exact).max()
        self.cpu_seconds, self.wall_seconds = [], []

    def run(self):
        cpu, wall = time.thread_time(), time.perf_counter()
        self.call()
        self.cpu_seconds.append(time.thread_time() - cpu)
        self.wall_seconds.append(time.perf_counter() - wall)


def measured(atoms, rounds):
    positions, box = liquid(atoms)
    half = neighbor_list(positions, box, CUTOFF + SKIN)
    full = neighbor_list(positions, box, CUTOFF + SKIN, full=True)
    exact = oracle_forces(positions, box, half)
    out = np.empty(positions.shape)
    contestants = {
        "half list of atoms": Contestant(lambda: lennard_jones(positions, box, half, out=out), exact),
        "full list of atoms": Contestant(lambda: lennard_jones(positions, box, full, out=out), exact),
    }
    for precision in ("float64", "float32"):
        for threads in (1, 2):
            forces = BlockForces(box, cutoff=CUTOFF, skin=SKIN, precision=precision, threads=threads)
            contestants[f"blocks, {precision}, {threads} thread{'s' * (threads > 1)}"] = Contestant(
                lambda forces=forces: forces(positions, out=out), exact
            )
        # Atoms that all moved farther than the skin allows, to and fro: the forces are the same.
        moving = BlockForces(box, cutoff=CUTOFF, skin=SKIN, precision=precision)
        places = itertools.cycle([positions, positions + SKIN])
        contestants[f"blocks, {precision}, new list"] = Contestant(
            lambda moving=moving, places=places: moving(next(places), out=out), exact
        )
    for number in range(rounds):
        order = list(contestants.values())
        for contestant in order if number % 2 == 0 else reversed(order):
            contestant.run()
    return len(positions), contestants


def table():
    yield machine()
    yield f"numba {numba.__version__}; load of the machine {os.getloadavg()[0]:.1f}"
    yield f"{'atoms':>7}  {'kernel':<26}{'CPU ms':>9}{'ns per atom':>13}{'half list /':>13}{'wall ms':>10}{'error':>9}"
    for size, rounds in SIZES:
        atoms, contestants = measured(size, rounds)
        reference = statistics.median(next(iter(contestants.values())).cpu_seconds)
        for name, contestant in contestants.items():
            cpu, wall = map(statistics.median, (contestant.cpu_seconds, contestant.wall_seconds))
            yield (
                f"{atoms:7d}  {name:<26}{cpu * 1e3:9.3f}{cpu / atoms * 1e9:13.1f}{reference / cpu:12.1f}x"
                f"{wall * 1e3:10.3f}{contestant.error:9.0e}"
            )


if __name__ == "__main__":
    publish("forces", table(), is_kept="--keep" in sys.argv[1:], folder=Path(__file__).parent)
