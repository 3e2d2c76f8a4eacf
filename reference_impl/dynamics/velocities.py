"""Velocities of a given temperature."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference_impl.dynamics.observables import kinetic_energy, temperature_of
from reference_impl.whole import whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["thermal_velocities"]


def thermal_velocities(atoms: int, temperature: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Maxwell's distribution without total momentum, scaled to exactly ``temperature`` (in ε/k_B).

    Raises
    ------
    ValueError
        For less than two atoms, which without total momentum stand still, and a temperature that is negative or
        not finite.
    """
    atoms = whole(atoms, "atoms")
    if atoms < 2:
        raise ValueError(f"got atoms={atoms}, allowed: 2 and more")
    if not (np.isfinite(temperature) and temperature >= 0):
        raise ValueError(f"got temperature={temperature}, allowed: 0 and above, finite")
    velocities = rng.standard_normal((atoms, 3))
    velocities -= velocities.mean(axis=0)
    velocities *= np.sqrt(temperature / temperature_of(kinetic_energy(velocities), atoms))
    return velocities
