"""One brick of the box: its atoms, those around it, and the forces on its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reference_impl.box import Box
from reference_impl.parallel.bricks import Brick, members_of
from reference_impl.parallel.kernels import follow
from reference_impl.parallel.pairs import HostPairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reference_impl.parallel.pairs import Pairs

__all__ = ["Domain", "Plan"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a domain must know, as values that another process can be sent."""

    brick: Brick
    lengths: tuple[float, ...]
    periodic: tuple[bool, ...]
    cutoff: float
    skin: float


class Domain:
    """Reads ``positions`` and writes the rows of its own atoms into ``forces``, both of shape (N, 3).

    Pairs of own atoms are computed once. A pair across the surface is computed by both its domains, each for its own
    atom, so that no force has to travel: its energy and virial count half in each. ``pairs`` says how they are found
    and computed; without, here.
    """

    def __init__(
        self,
        plan: Plan,
        positions: NDArray[np.float64],
        forces: NDArray[np.float64],
        pairs: Pairs | None = None,
    ) -> None:
        self._plan = plan
        self._positions, self._forces = positions, forces
        self._box = Box.of(plan.lengths, plan.periodic)
        self._pairs = pairs or HostPairs(plan)
        self._atoms = np.empty(0, np.intp)
        self._owned = 0

    def build(self) -> int:
        """Take over the atoms that are in the brick now; returns their number."""
        reach = self._plan.cutoff + self._plan.skin
        members = members_of(self._plan.brick, self._positions, self._box, reach)
        self._atoms, self._owned = members.atoms, members.owned
        self._before, self._then = self._positions[members.atoms], members.places
        self._now = members.places.copy()
        self._pull = np.empty((self._owned, 3))
        self._pairs.find(members.places, self._owned)
        return self._owned

    def moved(self) -> bool:
        """Bring the images up to date; whether one has moved so far that lists must be built anew."""
        squared = follow(self._positions, self._box, self._atoms, self._before, self._then, self._now)
        return not squared <= (self._plan.skin / 2) ** 2

    def forces(self) -> tuple[float, float]:
        """Energy and virial, as this domain's share of those of the whole."""
        share = self._pairs.forces(self._now, self._pull)
        self._forces[self._atoms[: self._owned]] = self._pull
        return share
