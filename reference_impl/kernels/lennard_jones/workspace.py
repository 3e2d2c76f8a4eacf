"""All arrays that forces over blocks need, and the passes over them that are not the kernel itself."""
# ruff: noqa: FBT001, PLR0913, PLR0917 - compiled functions take no keywords

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from reference_impl.backends import jit
from reference_impl.kernels.blocks.candidates import find_bounds
from reference_impl.kernels.blocks.images import image_shifts
from reference_impl.kernels.blocks.layout import SPARE, Columns, Order, columns_of, most_blocks, new_order
from reference_impl.kernels.blocks.rows import Rows, fill_rows, new_rows
from reference_impl.kernels.blocks.sort import gather, share_of, sort
from reference_impl.kernels.lennard_jones.blocked import add_pulls, lane_tables
from reference_impl.kernels.team import meet
from reference_impl.vectors.values import VECTOR_BYTES, lanes, load_wide, splat, store

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "DONE",
    "FULL",
    "LOST",
    "Workspace",
    "add_all_pulls",
    "collect",
    "narrow_places",
    "new_workspace",
    "refresh",
    "workspace_bytes",
]

_CANDIDATES = 1_024  # room for the blocks near one block; more where it does not suffice
DONE, FULL, LOST = 0, 1, 2  # what threads report: in order, no room for the rows, an atom is nowhere near


class Workspace(NamedTuple):
    """``places`` (3 M,), float64, are the coordinates in sorted order, ``built`` those of the last sort.

    ``pairs`` are the coordinates that forces see: the same array, or a float32 copy relative to ``center`` (3,), where
    rounding is finest. ``pulls`` (T, 3 M) are each thread's forces, 0 between two evaluations, ``sums`` (T, 2) their
    energies and virials. ``flags`` (3, T) and ``counters`` are for the threads to talk to each other: who has moved an
    atom too far (row ``DONE``), who has no room, who lost an atom.
    """

    order: Order
    columns: Columns
    rows: Rows
    places: NDArray[np.float64]
    built: NDArray[np.float64]
    pairs: NDArray[Any]
    pulls: NDArray[Any]
    center: NDArray[np.float64]
    shifts: NDArray[Any]
    tables: NDArray[Any]
    sums: NDArray[np.float64]
    flags: NDArray[np.int64]
    counters: NDArray[np.int64]
    empty: float
    cutoff_squared: float


def new_workspace(
    lengths: NDArray[np.float64],
    atoms: int,
    cutoff: float,
    skin: float,
    dtype: type[np.floating],
    counters: NDArray[np.int64],
    threads: int,
) -> Workspace:
    width = VECTOR_BYTES // np.dtype(dtype).itemsize
    columns = columns_of(lengths, atoms, cutoff + skin, width)
    blocks = most_blocks(atoms, columns, width)
    places = np.zeros(3 * blocks * width)
    narrow = dtype != np.float64
    return Workspace(
        order=new_order(atoms, columns, width, threads),
        columns=columns,
        rows=new_rows(
            _first_entries(lengths, atoms, columns, width, threads), _CANDIDATES, columns, blocks, threads
        ),
        places=places,
        built=np.zeros_like(places),
        pairs=places.astype(dtype) if narrow else places,
        pulls=np.zeros((threads, len(places)), dtype),
        center=lengths / 2 if narrow else np.zeros(3),
        shifts=image_shifts(lengths, dtype),
        tables=lane_tables(width, cutoff, dtype),
        sums=np.zeros((threads, 2)),
        flags=np.zeros((3, threads), np.int64),
        counters=counters,
        # Beyond the cutoff of every atom, and near enough for r⁻⁸ in float32.
        empty=-1e4 - 2 * float(lengths.max()),
        cutoff_squared=cutoff**2,
    )


def _first_entries(
    lengths: NDArray[np.float64], atoms: int, columns: Columns, width: int, threads: int
) -> int:
    """Room for rows where the density is even: some lanes near, and at the rim of the cutoff blocks with only a few."""
    pairs_per_atom = 2 / 3 * np.pi * columns.reach**3 * atoms / float(np.prod(lengths))
    entries = int(atoms * (min(pairs_per_atom, 1.3 * pairs_per_atom / width + 10) + 2))
    return entries // threads + _CANDIDATES  # a thread stops where one more block might not fit


def workspace_bytes(
    lengths: NDArray[np.float64],
    atoms: int,
    *,
    cutoff: float = 2.5,
    skin: float = 0.3,
    dtype: type[np.floating[Any]] = np.float64,
    threads: int = 1,
    more_coordinates: int = 0,
) -> int:
    """What the arrays of :func:`new_workspace` take, less the few whose size does not depend on the number of atoms.

    ``more_coordinates`` are arrays of float64 (3 M,) that the caller has besides.
    """
    item = np.dtype(dtype).itemsize
    width = VECTOR_BYTES // item
    columns = columns_of(lengths, atoms, cutoff + skin, width)
    number, blocks = int(columns.counts.prod()), most_blocks(atoms, columns, width)
    order = blocks * width * (3 * 4 + 8) + (blocks + SPARE) * 6 * 4 + (number + 1) * 8 + threads * number * 8
    rows = (
        threads * (_first_entries(lengths, atoms, columns, width, threads) + _CANDIDATES) * 4
        + threads * blocks
    )
    coordinates = (2 + more_coordinates) * 8 + (item if item < 8 else 0) + threads * item
    return order + rows + 3 * blocks * width * coordinates


@jit
def refresh(work: Workspace, speeds: Any, spare: Any, threads: int, mine: int) -> int:
    """Sort the atoms and find their rows: thread ``mine`` its share. ``DONE``, ``FULL`` or ``LOST``.

    ``speeds`` is None, or coordinates that move along, with ``spare`` as room for them.
    """
    order, places, built, pairs = work.order, work.places, work.built, work.pairs
    width = lanes(pairs)
    if not sort(order, work.columns, places, pairs, work.flags[LOST], work.counters, threads, mine):
        return LOST
    first, stop = share_of(order, mine)
    gather(order, first, stop, places, built, pairs, work.empty)
    if speeds is not None:
        gather(order, first, stop, speeds, spare, pairs, 0.0)
    find_bounds(order, built, pairs, first, stop)
    for slot in range(first * width, stop * width):
        source = order.source[slot]
        order.columns[slot] = order.names[source] if source >= 0 else -1
    meet(work.counters, threads, mine)  # from here on nobody needs the old order
    order.names[first * width : stop * width] = order.columns[first * width : stop * width]
    if mine == threads - 1:
        order.names[stop * width :] = -1
    at, end = 3 * width * first, 3 * width * stop
    places[at:end] = built[at:end]
    if speeds is not None:
        speeds[at:end] = spare[at:end]
        if mine == threads - 1:
            speeds[end:] = 0.0
    narrow_places(work, first, stop)
    meet(work.counters, threads, mine)
    work.flags[FULL, mine] = not fill_rows(order, work.columns, work.rows, pairs, work.shifts, mine)
    meet(work.counters, threads, mine)
    return FULL if work.flags[FULL].any() else DONE


@jit
def narrow_places(work: Workspace, first: int, stop: int) -> None:
    """Copy ``places`` of blocks ``first:stop`` to ``pairs``, where those are not the same."""
    if work.pairs.itemsize == work.places.itemsize:
        return
    width, step = lanes(work.pairs), lanes(work.places)
    for block in range(first, stop):
        for axis in range(3):
            at, center = (3 * block + axis) * width, splat(work.center[axis])
            for k in range(at, at + width, step):
                store(work.pairs, k, load_wide(work.places, k) - center)


@jit
def add_all_pulls(work: Workspace, with_sums: bool, threads: int, mine: int) -> None:
    """Forces of the rows of thread ``mine``; ``work.sums[mine]`` too, if they are asked for."""
    first, stop = share_of(work.order, mine)
    names, entries, pulls = work.order.names, work.rows.entries[mine], work.pulls[mine]
    if with_sums:
        add_pulls(
            names, first, stop, entries, work.pairs, work.shifts, work.tables, work.cutoff_squared, pulls,
            work.sums[mine],
        )  # fmt: skip
    else:
        add_pulls(
            names,
            first,
            stop,
            entries,
            work.pairs,
            work.shifts,
            work.tables,
            work.cutoff_squared,
            pulls,
            None,
        )
    meet(work.counters, threads, mine)


@jit
def collect(work: Workspace, threads: int, mine: int) -> None:
    """Move what the other threads have for the blocks of thread ``mine`` to its own forces."""
    first, stop = share_of(work.order, mine)
    width = lanes(work.pairs)
    own = work.pulls[mine]
    for t in range(threads):
        if t != mine:
            others = work.pulls[t]
            for block in range(first, stop):
                if work.rows.touched[t, block]:
                    for k in range(3 * width * block, 3 * width * (block + 1)):
                        own[k] += others[k]
                        others[k] = 0
