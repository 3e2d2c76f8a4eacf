"""The pairs of a domain: found at a build, and their forces at every step; here, or on a device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from reference_impl.box import Box
from reference_impl.cuda import DeviceForces, ListBuilder, launch
from reference_impl.cuda.system import coordinates
from reference_impl.kernels.lennard_jones import lennard_jones
from reference_impl.neighbors import HalfList, neighbor_list
from reference_impl.neighbors.lists import found_list
from reference_impl.parallel.kernels import split

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reference_impl.cuda import Device
    from reference_impl.cuda.forces import DevicePrecision
    from reference_impl.parallel.domain import Plan

__all__ = ["DevicePairs", "HostPairs", "Pairs"]


class Pairs(Protocol):
    """``places`` are of shape (M, 3), of the own atoms first; ``pull`` takes the forces on these, shape (owned, 3)."""

    def find(self, places: NDArray[np.float64], owned: int) -> None:
        """All pairs of which an own atom is one, up to cutoff and skin."""

    def forces(self, places: NDArray[np.float64], pull: NDArray[np.float64]) -> tuple[float, float]:
        """Energy and virial: of pairs with an atom of another domain, half."""


class HostPairs:
    """Two half lists: of pairs of own atoms, and of those across the surface."""

    def __init__(self, plan: Plan) -> None:
        still_periodic = [flag and not cut for flag, cut in zip(plan.periodic, plan.brick.cut, strict=True)]
        self._plan, self._box = plan, Box.of(plan.lengths, still_periodic)

    def find(self, places: NDArray[np.float64], owned: int) -> None:
        near = neighbor_list(places, self._box, self._plan.cutoff + self._plan.skin)
        inner, inner_indices, rim, rim_indices = split(near.indptr, near.indices, owned)
        self._inner = found_list(HalfList, inner, inner_indices)
        self._rim = found_list(HalfList, rim, rim_indices)
        self._pull_across = np.empty(places.shape)

    def forces(self, places: NDArray[np.float64], pull: NDArray[np.float64]) -> tuple[float, float]:
        own, cutoff = slice(len(pull)), self._plan.cutoff
        inner = lennard_jones(places[own], self._box, self._inner, cutoff=cutoff, out=pull)
        across = lennard_jones(places, self._box, self._rim, cutoff=cutoff, out=self._pull_across)
        pull += self._pull_across[own]
        return inner.energy + across.energy / 2, inner.virial + across.virial / 2


class DevicePairs:
    """A full list on a device; positions go there at every step, and forces come back.

    Kernels know periodic boxes alone. Along an axis that is cut the box is so long that no image is in reach.

    Raises
    ------
    ValueError
        For a box with open axes.
    """

    def __init__(self, plan: Plan, *, device: Device, precision: DevicePrecision) -> None:
        if not all(plan.periodic):
            raise ValueError("got a box with open axes, allowed on a device: periodic along all")
        self._device, self._precision, self._cutoff = device, precision, plan.cutoff
        self._reach = plan.cutoff + plan.skin
        self._neighbors: Any = None
        self._loops: Any = None
        self._sorted: Any = None
        brick, empty = plan.brick, 4 * self._reach  # two for the halos, and two that stay empty
        sides = zip(plan.lengths, brick.lower, brick.upper, brick.cut, strict=True)
        self._lengths = np.array(
            [upper - lower + empty if cut else length for length, lower, upper, cut in sides]
        )

    def find(self, places: NDArray[np.float64], owned: int) -> None:
        device, atoms = self._device, len(places)
        self._neighbors = self._loops = self._sorted = None  # two lists at once would be most of the memory
        self._neighbors = ListBuilder(device, self._lengths, self._reach, atoms).build(
            device.from_host(coordinates(places))
        )
        self._order = device.to_host(self._neighbors.order)
        self._is_own = self._order < owned
        self._loops = DeviceForces(device, self._lengths, self._cutoff, atoms, precision=self._precision)
        self._sorted = device.empty((3, atoms), np.float64)

    def forces(self, places: NDArray[np.float64], pull: NDArray[np.float64]) -> tuple[float, float]:
        device, order, atoms = self._device, self._neighbors.order, len(places)
        here = device.from_host(coordinates(places))
        launch(device, "gather_vectors", atoms, here, order, atoms, self._sorted)
        self._loops.by_list(self._sorted, self._neighbors)
        pull[self._order[self._is_own]] = device.to_host(self._loops.forces).T[self._is_own]
        energy, virial = device.to_host(self._loops.sums)[:, self._is_own].sum(axis=1).tolist()
        if not np.isfinite(energy):
            raise ValueError("two atoms are so near that their energy is not finite")
        return energy, virial
