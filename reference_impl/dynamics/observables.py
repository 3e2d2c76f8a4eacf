"""Numbers of a whole system."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Sample", "kinetic_energy", "pressure_of", "temperature_of"]


class Sample(NamedTuple):
    """One look at a run; energies per atom in ε, temperature in ε/k_B, pressure in ε/σ³."""

    step: int
    potential_energy: float
    kinetic_energy: float
    temperature: float
    pressure: float

    @property
    def total_energy(self) -> float:
        return self.potential_energy + self.kinetic_energy


def kinetic_energy(velocities: NDArray[np.float64]) -> float:
    """Of all atoms, for velocities of shape (N, 3) and unit masses."""
    return 0.5 * float(np.vdot(velocities, velocities))


def temperature_of(kinetic: float, atoms: int) -> float:
    """Twice the kinetic energy by degree of freedom; the total momentum, which is conserved, takes away three."""
    return 2 * kinetic / (3 * atoms - 3)


def pressure_of(kinetic: float, virial: float, volume: float) -> float:
    """Of the virial theorem (Allen & Tildesley, Computer Simulation of Liquids, section 2.4)."""
    return (2 * kinetic + virial) / (3 * volume)
