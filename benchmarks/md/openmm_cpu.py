"""OpenMM's CPU platform, taking orders on stdin: see ``engines.py``.

Its units are read as nm = σ, kJ/mol = ε, g/mol = m, so that ps is the unit of time. It is the standard
``NonbondedForce`` without charges, which its CPU platform has vectorized.
"""

from __future__ import annotations

import json
import sys

import numpy as np
import openmm


def system_of(atoms, box, model):
    system = openmm.System()
    system.setDefaultPeriodicBoxVectors(*np.diag(box))
    force = openmm.NonbondedForce()
    force.setNonbondedMethod(openmm.NonbondedForce.CutoffPeriodic)
    force.setCutoffDistance(model["cutoff"])
    force.setUseDispersionCorrection(False)
    for _ in range(atoms):
        system.addParticle(1.0)
        force.addParticle(0.0, 1.0, 1.0)
    system.addForce(force)
    if model["shifted"]:
        system.addForce(pairs_counted(atoms, model["cutoff"]))
    return system


def pairs_counted(atoms, cutoff):
    """What a shift of the potential takes off the energy; a group of its own, which moves nothing."""
    shift = openmm.CustomNonbondedForce(f"{4 * (cutoff**-6 - cutoff**-12)!r}")
    shift.setNonbondedMethod(openmm.CustomNonbondedForce.CutoffPeriodic)
    shift.setCutoffDistance(cutoff)
    for _ in range(atoms):
        shift.addParticle([])
    shift.setForceGroup(1)
    return shift


def main():
    _, path, model, properties = sys.argv
    model, start = json.loads(model), np.load(path)
    positions, velocities, box = start["positions"], start["velocities"], start["box"]
    step = model["time_step"]
    integrator = openmm.VerletIntegrator(step)
    integrator.setIntegrationForceGroups({0})
    platform = openmm.Platform.getPlatform("CPU")
    system = system_of(len(positions), box, model)
    context = openmm.Context(system, integrator, platform, json.loads(properties))
    context.setPositions(positions)
    # The integrator is the leapfrog: it holds velocities of half a step ago, and corrects for that in its energies.
    forces = context.getState(forces=True, groups={0}).getForces(asNumpy=True)
    context.setVelocities(velocities - 0.5 * step * forces._value)  # noqa: SLF001 - how OpenMM drops a unit
    for order in sys.stdin:
        integrator.step(int(order))
        state = context.getState(energy=True)
        energies = (state.getPotentialEnergy()._value, state.getKineticEnergy()._value)  # noqa: SLF001
        print("ENERGIES", *(repr(energy / len(positions)) for energy in energies), flush=True)


if __name__ == "__main__":
    main()
