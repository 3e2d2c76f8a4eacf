"""One brick of the box: its atoms, those around it, and the forces on its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reference_impl.box import Box
from reference_impl.kernels.lennard_jones import lennard_jones
from reference_impl.neighbors import HalfList, neighbor_list
from reference_impl.parallel.bricks import Brick, members_of
from reference_impl.parallel.kernels import follow, split

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
    atom, so that no force has to travel: its energy and virial count half in each.
    """

    def __init__(self, plan: Plan, positions: NDArray[np.float64], forces: NDArray[np.float64]) -> None:
        self._plan = plan
        self._positions, self._forces = positions, forces
        self._box = Box.of(plan.lengths, plan.periodic)
        still_periodic = [flag and not cut for flag, cut in zip(plan.periodic, plan.brick.cut, strict=True)]
        self._local_box = Box.of(plan.lengths, still_periodic)
        self._atoms = np.empty(0, np.intp)
        self._owned = 0

    def build(self) -> int:
        """Take over the atoms that are in the brick now; returns their number."""
        reach = self._plan.cutoff + self._plan.skin
        members = members_of(self._plan.brick, self._positions, self._box, reach)
        self._atoms, self._owned = members.atoms, members.owned
        self._before, self._then = self._positions[members.atoms], members.places
        self._now = members.places.copy()
        self._pull = np.empty_like(self._now)
        self._pull_across = np.empty_like(self._now)
        near = neighbor_list(members.places, self._local_box, reach)
        inner, inner_indices, rim, rim_indices = split(near.indptr, near.indices, members.owned)
        self._inner = HalfList(indptr=inner, indices=inner_indices)
        self._rim = HalfList(indptr=rim, indices=rim_indices)
        return self._owned

    def moved(self) -> bool:
        """Bring the images up to date; whether one has moved so far that lists must be built anew."""
        squared = follow(self._positions, self._box, self._atoms, self._before, self._then, self._now)
        return not squared <= (self._plan.skin / 2) ** 2

    def forces(self) -> tuple[float, float]:
        """Energy and virial, as this domain's share of those of the whole."""
        own, cutoff = slice(self._owned), self._plan.cutoff
        inner = lennard_jones(
            self._now[own], self._local_box, self._inner, cutoff=cutoff, out=self._pull[own]
        )
        across = lennard_jones(self._now, self._local_box, self._rim, cutoff=cutoff, out=self._pull_across)
        self._pull[own] += self._pull_across[own]
        self._forces[self._atoms[own]] = self._pull[own]
        return inner.energy + across.energy / 2, inner.virial + across.virial / 2
