"""A run that lies on a device: positions, velocities, list and forces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reference_impl.cuda import DeviceForces, ListBuilder, launch
from reference_impl.cuda.neighbors import cells_of
from reference_impl.cuda.neighbors import working_set_bytes as builder_bytes
from reference_impl.cuda.reduce import sum_of_squares
from reference_impl.cuda.system import box_numbers, checked_for_device, coordinates
from reference_impl.neighbors.system import as_positions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reference_impl.cuda import Device
    from reference_impl.cuda.forces import DevicePrecision
    from reference_impl.dynamics.list_run import Pace

__all__ = ["DeviceRun", "working_set_bytes"]

_PLACE_BYTES = {"float32": 16, "mixed": 16, "float64": 32}


def working_set_bytes(
    lengths: NDArray[np.float64], atoms: int, pairs: int, pace: Pace, *, precision: DevicePrecision
) -> int:
    """What a run holds on its device, with a full list of so many ``pairs``; a few KiB of sums come and go."""
    cells = int(np.prod(cells_of(lengths, pace.cutoff + pace.skin, atoms)))
    own = 4 * 24 + 2 * 4  # positions now and at the build, velocities, room to sort; names, and room for them
    forces = 24 + 16 + _PLACE_BYTES[precision]
    return (own + forces) * atoms + builder_bytes(atoms, cells) + 4 * pairs


class DeviceRun:
    """As :class:`reference_impl.dynamics.list_run.ListRun`, in a box of three ``lengths``.

    Positions and velocities are float64, (3, N), in the order of the cells of the last list; ``_names`` are the
    caller's numbers of the atoms. A step copies nothing but, where the list is kept until an atom has moved
    ``skin / 2``, the eight bytes that say so; a build, the number of pairs as well.

    Raises
    ------
    ValueError
        For positions or a precision that :class:`reference_impl.cuda.DeviceForces` refuses.
    """

    def __init__(
        self,
        positions: NDArray[np.float64],
        velocities: NDArray[np.float64],
        lengths: NDArray[np.float64],
        pace: Pace,
        *,
        device: Device,
        precision: DevicePrecision,
    ) -> None:
        reach, atoms = pace.cutoff + pace.skin, len(positions)
        checked_for_device(positions, lengths, reach)
        self._device, self._pace, self._atoms, self._age = device, pace, atoms, 0
        self._loops = DeviceForces(device, lengths, pace.cutoff, atoms, precision=precision)
        self._builder = ListBuilder(device, lengths, reach, atoms)
        self._box = device.from_host(box_numbers(lengths))
        self._positions, self._velocities, self._names = (
            device.from_host(coordinates(positions)),
            device.from_host(coordinates(velocities)),
            device.from_host(np.arange(atoms, dtype=np.int32)),
        )
        # Where a sort puts them, before they change places.
        self._spare, self._spare_names = device.empty((3, atoms), np.float64), device.empty(atoms, np.int32)
        self._built, self._farthest = device.empty((3, atoms), np.float64), device.empty(1, np.int64)
        self._neighbors: Any = None
        self.list_builds = 0
        self._build()
        self._find_forces()

    def advance(self, steps: int) -> None:
        count, time_step = 3 * self._atoms, self._pace.time_step
        for _ in range(steps):
            self._launch(
                "first_half", count, self._positions, self._velocities, self._loops.forces, count, time_step
            )
            self._age += 1
            if self._is_outdated():
                self._build()
            self._find_forces()
            self._launch("second_half", count, self._velocities, self._loops.forces, count, time_step)

    def _is_outdated(self) -> bool:
        if 0 < self._pace.rebuild_every != self._age:
            return False
        device = self._device
        device.zero(self._farthest)
        self._launch(
            "max_displacement",
            self._atoms,
            self._positions,
            self._built,
            self._box,
            self._atoms,
            self._farthest,
        )
        squared = float(device.to_host(self._farthest).view(np.float64)[0])
        if not np.isfinite(squared):
            as_positions(self.positions())  # says which atom
        return self._pace.rebuild_every > 0 or squared > (self._pace.skin / 2) ** 2

    def _build(self) -> None:
        self._neighbors = None  # its indices go before there are more: two lists would be most of the memory
        self._neighbors = self._builder.build(self._positions)
        order, atoms = self._neighbors.order, self._atoms
        for copy in (self._spare, self._built):  # those that move, and those that stay to be compared
            self._launch("gather_wrapped", atoms, self._positions, order, self._box, atoms, copy)
        self._positions, self._spare = self._spare, self._positions
        self._launch("gather_vectors", atoms, self._velocities, order, atoms, self._spare)
        self._velocities, self._spare = self._spare, self._velocities
        self._launch("gather_names", atoms, self._names, order, atoms, self._spare_names)
        self._names, self._spare_names = self._spare_names, self._names
        self.list_builds, self._age = self.list_builds + 1, 0

    def _find_forces(self) -> None:
        self._loops.by_list(self._positions, self._neighbors)

    def _launch(self, name: str, threads: int, *arguments: Any) -> None:
        launch(self._device, name, threads, *arguments)

    def close(self) -> None:
        """There is nothing to end: arrays go with their last reference."""

    def positions(self) -> NDArray[np.float64]:
        """In the order of the start, like velocities; atoms may have left the box."""
        return self._by_name(self._positions)

    def velocities(self) -> NDArray[np.float64]:
        return self._by_name(self._velocities)

    def _by_name(self, vectors: Any) -> NDArray[np.float64]:
        named = np.empty((self._atoms, 3))
        named[self._device.to_host(self._names)] = self._device.to_host(vectors).T
        return named

    @property
    def energy(self) -> float:
        return self._loops.energy

    @property
    def virial(self) -> float:
        return self._loops.virial

    @property
    def kinetic_energy(self) -> float:
        return 0.5 * sum_of_squares(self._device, self._velocities)
