"""Force call, list build and complete step of a Lennard-Jones liquid on a CUDA device.

Run ``python benchmarks/gpu/molecular_dynamics.py [--keep] [--atoms N ...] [--precision NAME]``; it needs CuPy and a
device, and says so where there is none.

Density 0.8442, temperature 1.44 at first, cutoff 2.5, skin 0.3, step 0.005, periodic; all that is timed comes after
the melting. Times are those between two CUDA events on the stream of the launches, so they hold what the host does
between them too: medians of 21, after as many that do not count. A step is the mean of 100 in a row, with the builds
that fell due. The energy at step 0 must be that of the lattice, the bytes per second are what arrays have that
are read and written once.

Beside it stand numbers that others published, on other machines: an order of magnitude, no contest.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "guard"))
from contest import machine, publish

from reference_impl.cuda import CupyDevice, DeviceForces, ListBuilder, NoDeviceError, launch
from reference_impl.cuda.system import coordinates
from reference_impl.dynamics import fcc_lattice, thermal_velocities
from reference_impl.dynamics.device_run import DeviceRun
from reference_impl.dynamics.list_run import Pace

PACE = Pace(time_step=0.005, cutoff=2.5, skin=0.3, rebuild_every=0)
LATTICE_ENERGY = -6.7733681  # of an atom at step 0, as LAMMPS prints it
SIZES = (10_000, 100_000, 1_000_000)
TARGETS = "targets at 1e6 atoms on an H200: forces 0.6 ms, list 3 ms, step 1.5 ms"
ANCHORS = """\
published per 1e6 atoms: a list by itself 35 ms on an H100 (nvalchemi-toolkit-ops), a step 4.1 ms on one die of an
MI250X (LAMMPS-KOKKOS), 6.9 ms on a P100 (HOOMD)"""


class Effort(NamedTuple):
    rounds: int = 21
    steps: int = 100
    melted_after: int = 200
    vector: int = 2**26  # numbers that are added


class Events:
    """Milliseconds between two CUDA events."""

    def __init__(self):
        import cupy

        self._events = cupy.cuda
        self.versions = f"CuPy {cupy.__version__}, CUDA runtime {cupy.cuda.runtime.runtimeGetVersion()}"

    def __call__(self, function):
        start, stop = self._events.Event(), self._events.Event()
        start.record()
        function()
        stop.record()
        stop.synchronize()
        return self._events.get_elapsed_time(start, stop)


def median(clock, function, rounds):
    return statistics.median([clock(function) for _ in range(2 * rounds)][rounds:])


def bandwidth(device, clock, rounds, count):
    """Lines: gigabytes per second of an addition, with neighbors and with a stride."""
    first, second, sums = (device.empty(count, np.float32) for _ in range(3))
    for array in (first, second):
        device.zero(array)
    for name, more in (("add_coalesced", ()), ("add_strided", (32,))):
        milliseconds = median(
            clock,
            lambda name=name, more=more: launch(device, name, count, first, second, sums, count, *more),
            rounds,
        )
        yield f"{name:14} {12 * count / milliseconds / 1e6:8.0f} GB/s"


def line(device, clock, atoms, precision, effort):
    rounds, steps = effort.rounds, effort.steps
    positions, lengths = fcc_lattice(atoms, 0.8442)
    atoms = len(positions)
    velocities = thermal_velocities(atoms, 1.44, np.random.default_rng(1))
    run = DeviceRun(positions, velocities, lengths, PACE, device=device, precision=precision)
    energy = run.energy / atoms
    if not abs(energy - LATTICE_ENERGY) < 1e-4:
        sys.exit(
            f"{atoms} atoms: energy {energy} at step 0, of the lattice {LATTICE_ENERGY}: not the same physics"
        )
    run.advance(effort.melted_after)
    here = device.from_host(coordinates(run.positions()))
    builder = ListBuilder(device, lengths, PACE.cutoff + PACE.skin, atoms)
    build = median(clock, lambda: builder.build(here), rounds)
    neighbors = builder.build(here)
    sorted_here = device.empty((3, atoms), np.float64)
    launch(device, "gather_vectors", atoms, here, neighbors.order, atoms, sorted_here)
    loops = DeviceForces(device, lengths, PACE.cutoff, atoms, precision=precision)
    force = median(clock, lambda: loops.by_list(sorted_here, neighbors), rounds)
    run.advance(steps)
    before = run.list_builds
    step = statistics.median(clock(lambda: run.advance(steps)) / steps for _ in range(3))
    every = 3 * steps / max(1, run.list_builds - before)
    pairs = neighbors.pairs / atoms
    return f"{atoms:9d}  {force:9.4f} {build:9.4f} {step:9.4f}  {every:11.1f} {pairs:14.1f}"


def table(device, clock, sizes, precision, effort):
    yield f"{device.name}; {clock.versions}; pairs in {precision}"
    yield from bandwidth(device, clock, effort.rounds, effort.vector)
    yield ""
    yield "    atoms   force ms  list ms   step ms  steps/build  pairs per atom"
    for atoms in sizes:
        yield line(device, clock, atoms, precision, effort)
    yield from ("", TARGETS, *ANCHORS.splitlines())


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--atoms", nargs="+", type=int, default=SIZES)
    parser.add_argument("--precision", choices=("float32", "mixed", "float64"), default="float32")
    parser.add_argument("--keep", action="store_true", help="write results/molecular_dynamics.txt")
    asked = parser.parse_args()
    try:
        device = CupyDevice()
    except NoDeviceError as error:
        sys.exit(f"nothing can be timed here: {error}")
    lines = [machine(), *table(device, Events(), asked.atoms, asked.precision, Effort())]
    publish("molecular_dynamics", lines, is_kept=asked.keep, folder=Path(__file__).parent)


if __name__ == "__main__":
    main()
