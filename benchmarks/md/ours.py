"""This package's ``simulate``, taking orders on stdin: see ``engines.py``.

Every order is a run of its own: the list that it builds at its start counts against it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
from reference_impl import neighbor_list, simulate


def main():
    _, path, model, options = sys.argv
    model, start = json.loads(model) | json.loads(options), np.load(path)
    is_shifted, cutoff = model.pop("shifted"), model["cutoff"]
    positions, velocities, box = start["positions"], start["velocities"], start["box"]
    for order in sys.stdin:
        steps = int(order)
        run = simulate(positions, velocities, box, steps=steps, sample_every=max(steps, 1), **model)
        positions, velocities = run.positions, run.velocities
        potential, kinetic = run.samples[-1].potential_energy, run.samples[-1].kinetic_energy
        if is_shifted:
            pairs = len(neighbor_list(positions, box, cutoff).indices)
            potential += 4 * (cutoff**-6 - cutoff**-12) * pairs / len(positions)
        print("ENERGIES", repr(float(potential)), repr(float(kinetic)), flush=True)


if __name__ == "__main__":
    main()
