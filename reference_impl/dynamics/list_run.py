"""A run with lists of atoms: in boxes of any shape, without numba too, and the oracle of the run over blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from reference_impl.dynamics.observables import kinetic_energy
from reference_impl.kernels.lennard_jones import lennard_jones
from reference_impl.neighbors import VerletList, neighbor_list

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reference_impl.box import Box
    from reference_impl.kernels.lennard_jones import Forces
    from reference_impl.neighbors import HalfList

__all__ = ["ListRun", "Pace"]


class Pace(NamedTuple):
    """``rebuild_every`` is 0 where the list is kept until an atom has moved ``skin / 2``."""

    time_step: float
    cutoff: float
    skin: float
    rebuild_every: int


class ListRun:
    """Velocity Verlet: half a kick, a drift, half a kick (W. C. Swope et al., J. Chem. Phys. 76, 637 (1982)).

    ``positions`` and ``velocities`` (N, 3) are checked, ``box`` is periodic along all axes.
    """

    def __init__(
        self,
        positions: NDArray[np.float64],
        velocities: NDArray[np.float64],
        box: Box,
        pace: Pace,
    ) -> None:
        self._positions: NDArray[np.float64] = positions.copy()
        self._velocities: NDArray[np.float64] = velocities.copy()
        self._pace = pace
        self._lists = VerletList(pace.cutoff, pace.skin, box)
        self._neighbors: HalfList | None = None
        self.list_builds, self._age = 0, pace.rebuild_every - 1
        self._find_neighbors()
        self._found = self._forces()

    def advance(self, steps: int) -> None:
        for _ in range(steps):
            with np.errstate(over="ignore", invalid="ignore"):  # the next list names the atom
                self._velocities += self._pace.time_step / 2 * self._found.forces
                self._positions += self._pace.time_step * self._velocities
            self._find_neighbors()
            self._found = self._forces()
            self._velocities += self._pace.time_step / 2 * self._found.forces

    def _find_neighbors(self) -> None:
        self._age += 1
        if self._pace.rebuild_every == 0:
            self._neighbors = None  # two lists at once would be most of the memory
            self._neighbors = self._lists.update(self._positions)
            self.list_builds = self._lists.builds
        elif self._age == self._pace.rebuild_every:
            self._neighbors = None
            self._neighbors = neighbor_list(self._positions, self._lists.box, self._lists.list_cutoff)
            self.list_builds, self._age = self.list_builds + 1, 0

    def _forces(self) -> Forces:
        assert self._neighbors is not None
        return lennard_jones(self._positions, self._lists.box, self._neighbors, cutoff=self._lists.cutoff)

    def close(self) -> None:
        """There is nothing to end."""

    def positions(self) -> NDArray[np.float64]:
        """In the order of the start, like velocities; atoms may have left the box."""
        positions: NDArray[np.float64] = self._positions.copy()
        return positions

    def velocities(self) -> NDArray[np.float64]:
        velocities: NDArray[np.float64] = self._velocities.copy()
        return velocities

    @property
    def energy(self) -> float:
        return self._found.energy

    @property
    def virial(self) -> float:
        return self._found.virial

    @property
    def kinetic_energy(self) -> float:
        return kinetic_energy(self._velocities)
