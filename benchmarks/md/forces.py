"""Lennard-Jones forces of a melt: this package's kernels against each other.

Run ``python benchmarks/md/forces.py [OUTPUT]``. All see the same liquid and lists within cutoff + skin that are ready,
except where a list is said to be new at each call. The contestants take turns; forces are compared with the oracle's
first. Times are medians of one run: of the processor time of the calling thread, and of wall time where two threads
compute, for which the machine must be idle.
"""

from __future__ import annotations

import itertools
import os
import platform
import statistics
import sys
import time
from pathlib import Path

import llvmlite.binding
import numba
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
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
    lengths = Box.of(box).lengths
    oracle.add_forces(positions, lengths, neighbors.indptr, neighbors.indices, CUTOFF**2, forces, True)
    return forces


class Contestant:
    """A call to time, the clock that is fair to it, and its largest error."""

    def __init__(self, call, exact, *, threads=1):
        self.call, self.clock = call, time.thread_time if threads == 1 else time.perf_counter
        self.error = abs(call().forces - exact).max() / abs(exact).max()
        self.seconds = []

    def run(self):
        start = self.clock()
        self.call()
        self.seconds.append(self.clock() - start)

    @property
    def median(self):
        return statistics.median(self.seconds)


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
                lambda forces=forces: forces(positions, out=out), exact, threads=threads
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
    yield f"machine class: {processor()}, Python {platform.python_version()}, numba {numba.__version__}"
    yield f"{'atoms':>7}  {'kernel':<26}{'ms':>9}{'ns per atom':>13}{'half list /':>13}{'largest error':>15}"
    for size, rounds in SIZES:
        atoms, contestants = measured(size, rounds)
        reference = next(iter(contestants.values())).median
        for name, contestant in contestants.items():
            seconds = contestant.median
            yield (
                f"{atoms:7d}  {name:<26}{seconds * 1e3:9.3f}{seconds / atoms * 1e9:13.1f}"
                f"{reference / seconds:12.1f}x{contestant.error:15.1e}"
            )


def processor():
    flags = llvmlite.binding.get_host_cpu_features()
    widest = next((name for name in ("avx512f", "avx2", "neon", "sse2") if flags.get(name)), "scalar")
    return f"{platform.machine()}, {llvmlite.binding.get_host_cpu_name()}, {widest}, {os.cpu_count()} cores"


def main():
    lines = []
    for line in table():
        print(line, flush=True)
        lines.append(line)
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
