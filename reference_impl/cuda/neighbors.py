"""Full neighbor lists, built on a device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from reference_impl.cuda.device import BLOCK, launch
from reference_impl.cuda.scan import exclusive_scan
from reference_impl.cuda.system import MAX_LENGTHS, box_numbers, check_count, checked_for_device, coordinates
from reference_impl.neighbors.lists import FullList, found_list

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from reference_impl.box import Box
    from reference_impl.cuda.device import Device

__all__ = ["DeviceCells", "DeviceList", "ListBuilder", "neighbor_list"]

LANES = 8  # threads of an atom, as in neighbor_list.cu
_CELLS_PER_REACH = 2
_CELLS_PER_ATOM = 4  # at most: in thin gases most would be empty
_ROUNDING = 1e-9  # relative: cells are that much thicker, so that rounding of fractions hides no pair
_FLOAT32 = 2.0**-24


class DeviceCells(NamedTuple):
    """Atoms in the order of cells, of which there are ``sides`` along x, y and z, on the device.

    ``positions`` (3, N) float64, ``cells`` (N,) int32 and ``order`` (N,) int32, their old numbers, are in that order;
    ``starts`` (cells + 1,) int64 is where each cell begins in it. x is the axis along which cells lie side by side.
    """

    positions: Any
    cells: Any
    order: Any
    starts: Any
    sides: tuple[int, int, int]


class DeviceList(NamedTuple):
    """A :class:`reference_impl.neighbors.FullList` in sorted order, on the device.

    ``indptr`` (N + 1,) int64; ``indices`` int32, of which the first ``pairs`` count; ``order`` (N,) int32.
    """

    indptr: Any
    indices: Any
    order: Any
    pairs: int


class ListBuilder:
    """Lists of ``atoms`` atoms within ``reach`` in a periodic box of three ``lengths``, again and again.

    Holds what a build needs (:func:`working_set_bytes`) and the indices: these are allocated for exactly as many as
    there are, and again only when a later list is longer. A list is overwritten by the next one.

    The pairs are those of :func:`reference_impl.neighbor_list` with ``full=True``; rows are in the order of the cells,
    and the same positions give the same arrays, bit by bit.

    Raises
    ------
    ValueError
        For more atoms than kernels can count.
    """

    def __init__(
        self, device: Device, lengths: NDArray[np.float64], reach: float, atoms: int, *, block: int = BLOCK
    ) -> None:
        check_count(atoms)
        self._device, self._atoms, self._block = device, atoms, block
        self.box = device.from_host(box_numbers(lengths))
        self._sides = cells_of(lengths, reach, atoms)
        self._limit = reach * reach
        self._band = float(_band(lengths, reach))
        empty, cells = device.empty, int(np.prod(self._sides))
        self._counts, self._starts = empty(cells, np.int32), empty(cells + 1, np.int64)
        self._cells, self._ranks, self._members = (empty(atoms, np.int32) for _ in range(3))
        self._sorted, self._places = empty((3, atoms), np.float64), empty((atoms, 4), np.float32)
        self._order, self._indptr = empty(atoms, np.int32), empty(atoms + 1, np.int64)
        self._indices = empty(0, np.int32)

    def build(self, positions: Any) -> DeviceList:
        """The list of ``positions`` (3, N), float64, on the device; waits once, for the number of pairs."""
        self.sort(positions)
        return self.list_of_sorted()

    def list_of_sorted(self) -> DeviceList:
        """As :meth:`build`, of the positions that :meth:`sort` has put in order."""
        box, atoms, lanes = self.box, self._atoms, self._atoms * LANES
        self._launch("places_float32", atoms, self._sorted, box, atoms, self._places)
        sweep = (self._places, self._sorted, self._cells, self._starts, box, atoms, *self._sides, self._limit)
        counts = self._ranks  # needed no longer
        self._launch("count_neighbors", lanes, *sweep, self._band, counts)
        exclusive_scan(self._device, counts, self._indptr)
        pairs = int(self._device.to_host(self._indptr[-1:])[0])
        if pairs > len(self._indices):
            # Gone before there are others: two at once would be most of the memory.
            self._indices = self._device.empty(0, np.int32)
            self._indices = self._device.empty(pairs, np.int32)
        self._launch("fill_neighbors", lanes, *sweep, self._band, self._indptr, self._indices)
        return DeviceList(self._indptr, self._indices, self._order, pairs)

    def sort(self, positions: Any) -> DeviceCells:
        """The cells of ``positions`` (3, N), none thinner than half the reach; overwritten by the next ones."""
        atoms = self._atoms
        self._device.zero(self._counts)
        self._launch(
            "assign_cells",
            atoms,
            positions,
            self.box,
            atoms,
            *self._sides,
            self._counts,
            self._cells,
            self._ranks,
        )
        exclusive_scan(self._device, self._counts, self._starts)
        self._launch("scatter_atoms", atoms, self._cells, self._ranks, self._starts, atoms, self._members)
        cells, ordered = self._cells, self._ranks
        self._launch("order_atoms", atoms, cells, self._starts, self._members, atoms, self._order, ordered)
        self._cells, self._ranks = ordered, cells
        self._launch("gather_vectors", atoms, positions, self._order, atoms, self._sorted)
        return DeviceCells(self._sorted, self._cells, self._order, self._starts, self._sides)

    def _launch(self, name: str, threads: int, *arguments: Any) -> None:
        launch(self._device, name, threads, *arguments, block=self._block)


def cells_of(lengths: NDArray[np.float64], reach: float, atoms: int) -> tuple[int, int, int]:
    """How many cells there are along each axis: none thinner than half the reach, and not many more than atoms."""
    sides = np.maximum(lengths / (reach * (1 + _ROUNDING)) * _CELLS_PER_REACH, 1.0)
    most = _CELLS_PER_ATOM * atoms + 64
    while np.floor(sides).prod() > most:
        sides = np.maximum(sides * 0.9, 1.0)
    x, y, z = np.floor(sides).astype(int).tolist()
    return x, y, z


def _band(lengths: NDArray[np.float64], reach: float) -> float:
    """By how much rounding may change a squared distance near ``reach`` squared in float32, twice over."""
    coordinate = lengths.max() * (6 * _FLOAT32 + 4 * MAX_LENGTHS * 2.0**-52)
    return 2 * float(3 * (2 * reach * coordinate + coordinate**2) + 8 * reach**2 * _FLOAT32)


def working_set_bytes(atoms: int, cells: int) -> int:
    """What a builder holds besides the indices."""
    return atoms * (3 * 4 + 24 + 16 + 4 + 8) + cells * 12 + 16


def neighbor_list(
    positions: ArrayLike, box: ArrayLike | Box, cutoff: float, *, device: Device, block: int = BLOCK
) -> FullList:
    """As :func:`reference_impl.neighbor_list` with ``full=True, order="sorted"``, made on ``device``.

    Parameters
    ----------
    positions, box, cutoff
        As there; three lengths, periodic along all axes.
    device
        Where; see :class:`reference_impl.cuda.Device`.
    block
        Threads of a block.

    Raises
    ------
    ValueError
        For what :func:`reference_impl.cuda.system.checked_for_device` refuses.
    """
    here, lengths, reach = checked_for_device(positions, box, cutoff)
    builder = ListBuilder(device, lengths, reach, len(here), block=block)
    found = builder.build(device.from_host(coordinates(here)))
    return found_list(
        FullList,
        device.to_host(found.indptr),
        device.to_host(found.indices[: found.pairs]),
        device.to_host(found.order),
    )
