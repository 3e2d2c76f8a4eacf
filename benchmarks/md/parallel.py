"""Forces of moving atoms by domains: one worker against two, threads and processes.

Run ``python benchmarks/md/parallel.py [--keep]``. All contestants see the same positions: atoms of a jittered crystal
at density 0.8442 that fly straight on with the speeds of a liquid at temperature 0.7, 0.005 a step, so lists grow old
as they do in a run. They take turns, as many steps each; the first forces of a turn's end are compared. "one list"
is ``VerletList`` and ``lennard_jones`` in one thread, without domains. Ratios are medians of those within a round;
CPU milliseconds are those of all processes together; two workers have gained what they can when these are about the
same as for one and half as many milliseconds have passed. On a machine that is busy with other things only the former
can be told.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "guard"))
from contest import interleaved, machine, publish, ratio

from reference_impl import VerletList, lennard_jones
from reference_impl.dynamics import fcc_lattice
from reference_impl.parallel import DomainForces, Processes, Serial, Threads

STEPS = {10_000: (60, 9), 100_000: (12, 7)}  # atoms: steps of a turn, rounds
DEVICES = {
    ("serial", 1): Serial,
    ("threads", 1): partial(Threads, 1),
    ("threads", 2): partial(Threads, 2),
    ("processes", 1): partial(Processes, 1),
    ("processes", 2): partial(Processes, 2),
}


def system(atoms):
    positions, box = fcc_lattice(atoms, 0.8442)
    rng = np.random.default_rng(0)
    positions += rng.normal(0, 0.05, positions.shape)
    return positions, rng.normal(0, 0.7**0.5, positions.shape), box


def by_one_list(box):
    verlet = VerletList(2.5, 0.3, box)
    return lambda positions, out: lennard_jones(positions, verlet.box, verlet.update(positions), out=out)


def turn(compute, positions, velocities, steps):
    """Seconds, CPU seconds and the forces of the last step."""
    out = np.empty(positions.shape)
    places = [positions + 0.005 * step * velocities for step in range(steps)]
    before, start = cpu_seconds(), time.perf_counter()
    for place in places:
        found = compute(place, out=out)
    return time.perf_counter() - start, cpu_seconds() - before, found


def cpu_seconds():
    here = psutil.Process()
    return sum(sum(process.cpu_times()[:2]) for process in (here, *here.children(recursive=True)))


def rows(atoms):
    steps, rounds = STEPS[atoms]
    positions, velocities, box = system(atoms)
    runs = {
        key: DomainForces(len(positions), box, domains=key[1], device=device())
        for key, device in DEVICES.items()
    }
    try:
        contestants = {("one list", 1): by_one_list(box)} | {key: run.compute for key, run in runs.items()}
        turns = interleaved(
            {
                key: partial(turn, compute, positions, velocities, steps)
                for key, compute in contestants.items()
            },
            rounds,
        )
    finally:
        for run in runs.values():
            run.close()
    expected = turns["one list", 1][0][2]
    seconds = {key: [found[0] for found in results] for key, results in turns.items()}
    for (name, workers), mine in seconds.items():
        last = turns[name, workers][-1][2]
        if not np.allclose(last.forces, expected.forces, rtol=1e-10, atol=1e-8):
            sys.exit(f"{name}, {workers}: not the forces of one list")
        milliseconds, cpu = (
            statistics.median(found[k] for found in turns[name, workers]) / steps * 1e3 for k in (0, 1)
        )
        faster = [ratio(seconds[peer, 1], mine) for peer in (name, "one list")]
        yield (
            f"{atoms:7d}  {name:10} {workers:7d} {milliseconds:10.3f} {cpu:11.3f} {faster[0]:11.2f} {faster[1]:9.2f}"
        )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keep", action="store_true", help="write results/parallel.txt")
    asked = parser.parse_args()
    lines = [
        machine(),
        "",
        "                                                   times as fast as",
        "  atoms  where      workers    ms/step CPU ms/step  one worker  one list",
        *(row for atoms in STEPS for row in rows(atoms)),
    ]
    publish("parallel", lines, is_kept=asked.keep, folder=Path(__file__).parent)


if __name__ == "__main__":
    main()
