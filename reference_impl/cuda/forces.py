"""Lennard-Jones forces on a device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from reference_impl.cuda.device import BLOCK, launch
from reference_impl.cuda.neighbors import LANES, ListBuilder
from reference_impl.cuda.reduce import sum_of
from reference_impl.cuda.system import box_numbers, check_count, checked_for_device, coordinates
from reference_impl.kernels.lennard_jones.contract import Forces
from reference_impl.kernels.lennard_jones.contract import lennard_jones as on_host
from reference_impl.neighbors.build import neighbor_list as list_on_host

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from reference_impl.box import Box
    from reference_impl.cuda.device import Device
    from reference_impl.cuda.neighbors import DeviceCells, DeviceList

__all__ = ["DeviceForces", "DevicePrecision", "Method", "lennard_jones"]

DevicePrecision = Literal["float32", "mixed", "float64"]
Method = Literal["list", "cells", "all_pairs"]
_PLACES: dict[str, tuple[str, type[np.floating[Any]]]] = {
    "float32": ("places_float32", np.float32),
    "mixed": ("places_float32", np.float32),
    "float64": ("places_float64", np.float64),
}


class DeviceForces:
    """Forces of ``atoms`` atoms in a periodic box of three ``lengths``, again and again.

    ``precision`` is that of the arithmetic on pairs: ``"float32"`` adds the pairs of an atom in float32 too,
    ``"mixed"`` in float64. Sums over atoms are float64 always.

    Attributes
    ----------
    forces
        Shape (3, N), float64, on the device; overwritten by each call.
    sums
        Shape (2, N), float64: half the energy and half the virial of the pairs of each atom.

    Raises
    ------
    ValueError
        For another precision, and more atoms than kernels can count.
    """

    def __init__(
        self,
        device: Device,
        lengths: NDArray[np.float64],
        cutoff: float,
        atoms: int,
        *,
        precision: DevicePrecision = "mixed",
        block: int = BLOCK,
    ) -> None:
        if precision not in _PLACES:
            raise ValueError(f"got precision={precision!r}, allowed on a device: {', '.join(_PLACES)}")
        check_count(atoms)
        self._device, self._atoms, self._block, self._precision = device, atoms, block, precision
        self._cutoff_squared = cutoff * cutoff
        self._put, dtype = _PLACES[precision]
        self._box = device.from_host(box_numbers(lengths))
        self._places = device.empty((atoms, 4), dtype)
        self.forces, self.sums = device.empty((3, atoms), np.float64), device.empty((2, atoms), np.float64)

    def by_list(self, positions: Any, neighbors: DeviceList) -> None:
        """Of ``positions`` (3, N) in the order of the list, which holds every pair closer than the cutoff."""
        self._put_places(positions)
        self._launch(
            f"list_forces_{self._precision}", LANES * self._atoms, self._places, self._box, neighbors.indptr,
            neighbors.indices, self._atoms, self._cutoff_squared, self.forces, self.sums,
        )  # fmt: skip

    def by_cells(self, cells: DeviceCells) -> None:
        """Of the positions in cells that are no thinner than half the cutoff, without a list and in their order."""
        self._put_places(cells.positions)
        self._launch(
            f"cell_forces_{self._precision}", LANES * self._atoms, self._places, self._box, cells.cells,
            cells.starts, self._atoms, *cells.sides, self._cutoff_squared, self.forces, self.sums,
        )  # fmt: skip

    def by_all_pairs(self, positions: Any) -> None:
        """Of all pairs closer than the cutoff, in O(N²).

        Raises
        ------
        ValueError
            For blocks larger than a tile.
        """
        if self._block > BLOCK:
            raise ValueError(
                f"got block={self._block}, allowed with all pairs: up to {BLOCK}, the size of a tile"
            )
        self._put_places(positions)
        self._launch(
            f"all_pairs_{self._precision}", self._atoms, self._places, self._box, self._atoms,
            self._cutoff_squared, self.forces, self.sums,
        )  # fmt: skip

    @property
    def energy(self) -> float:
        """Of all pairs; waits for the device, like :attr:`virial`."""
        return sum_of(self._device, self.sums[0])

    @property
    def virial(self) -> float:
        return sum_of(self._device, self.sums[1])

    def _put_places(self, positions: Any) -> None:
        self._launch(self._put, self._atoms, positions, self._box, self._atoms, self._places)

    def _launch(self, name: str, threads: int, *arguments: Any) -> None:
        launch(self._device, name, threads, *arguments, block=self._block)


def lennard_jones(  # noqa: PLR0913 - two, and keywords
    positions: ArrayLike,
    box: ArrayLike | Box,
    *,
    device: Device,
    cutoff: float = 2.5,
    precision: DevicePrecision = "mixed",
    method: Method = "list",
    block: int = BLOCK,
) -> Forces:
    """As :func:`reference_impl.lennard_jones`, with everything made on ``device``, the list too.

    Parameters
    ----------
    positions, box, cutoff
        As there; three lengths, periodic along all axes.
    device
        Where; see :class:`reference_impl.cuda.Device`.
    precision
        See :class:`DeviceForces`.
    method
        ``"list"``, in O(N); ``"cells"``, in O(N) too: what there is no list for is swept but once; or ``"all_pairs"``,
        in O(N²).
    block
        Threads of a block; at most 128 with all pairs.

    Raises
    ------
    ValueError
        For what :func:`reference_impl.cuda.system.checked_for_device` refuses, options other than these, and two
        atoms that are in one place (names them), or too near for float32.
    """
    if method not in get_args(Method):
        raise ValueError(f"got method={method!r}, allowed: {', '.join(get_args(Method))}")
    here, lengths, cutoff = checked_for_device(positions, box, cutoff)
    atoms = len(here)
    loops = DeviceForces(device, lengths, cutoff, atoms, precision=precision, block=block)
    places = device.from_host(coordinates(here))
    order = np.arange(atoms)
    if method == "all_pairs":
        loops.by_all_pairs(places)
    else:
        builder = ListBuilder(device, lengths, cutoff, atoms, block=block)
        cells = builder.sort(places)
        if method == "cells":
            loops.by_cells(cells)
        else:
            loops.by_list(cells.positions, builder.list_of_sorted())
        order = device.to_host(cells.order)
    if not np.isfinite(loops.energy):
        on_host(here, lengths, list_on_host(here, lengths, cutoff), cutoff=cutoff)  # says which atoms
        raise ValueError(
            "two atoms are so near that float32 cannot hold their energy, allowed: precision='float64'"
        )
    forces = np.empty((atoms, 3))
    forces[order] = device.to_host(loops.forces).T
    return Forces(forces, loops.energy, loops.virial)
