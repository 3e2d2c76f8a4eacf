"""Half list in O(N): sort the atoms into cells, sweep those around each atom."""

from __future__ import annotations

import math
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from reference_impl.neighbors.chunks import Chunk, in_threads
from reference_impl.neighbors.grid import make_grid
from reference_impl.neighbors.lanes import LANES
from reference_impl.neighbors.lists import HalfList
from reference_impl.neighbors.rows import Search, most_candidates
from reference_impl.neighbors.sort import sort_atoms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reference_impl.box import Box
    from reference_impl.neighbors.grid import Grid

__all__ = ["half_list", "working_set_bytes"]

_SCRATCH = 2**19  # labels, 2 MiB: lists up to this are swept once and then put in order


def working_set_bytes(positions: NDArray[np.float64], box: Box, cutoff: float, pairs: int) -> int:
    """Upper limit on what :func:`half_list` allocates at once, its result included, on one thread.

    Beyond the list itself: 16 bytes per atom, per image at the ends of rows, and per vector that ends a row; four
    per column of cells; and a scratch of up to 2 MiB for lists that fit into it.
    """
    atoms = len(positions)
    grid, dtype = make_grid(positions, box, cutoff)
    columns, rows = grid.counts[0], grid.counts[1] * grid.counts[2]
    images = 2.5 * atoms * min(1.0, grid.ghosts / columns)
    places = int(atoms + images) + rows * LANES
    starts = 4 * rows * (columns + 2 * grid.ghosts + 1)
    result = 8 * (atoms + 1) + 4 * pairs
    scratch = 4 * _scratch(grid, atoms)
    return result + places * (3 * np.dtype(dtype).itemsize + 4) + starts + scratch + 2**14


def half_list(
    positions: NDArray[np.float64],
    box: Box,
    cutoff: float,
    *,
    threads: int = 1,
    vectors: bool = True,
    double: bool = False,
) -> HalfList:
    """Half list of checked ``positions`` of shape (N, 3) in the caller's order.

    ``vectors=False`` takes the portable inner loops, ``double=True`` sweeps in float64.
    """
    atoms = len(positions)
    indptr = np.zeros(atoms + 1, np.int64)
    if atoms < 2:
        return HalfList(indptr=indptr, indices=np.empty(0, np.int32))
    grid, dtype = make_grid(positions, box, cutoff, double=double)
    search = Search(positions, grid, sort_atoms(positions, grid, dtype))
    room = most_candidates(search)
    scratch = _scratch(grid, atoms) // threads
    chunks = [
        Chunk(search, first, stop, room, scratch, vectors=vectors) for first, stop in _shares(search, threads)
    ]
    in_threads([partial(chunk.count, indptr) for chunk in chunks])
    np.cumsum(indptr, out=indptr)
    indices = np.empty(indptr[-1], np.int32)
    in_threads([partial(chunk.fill, indptr, indices) for chunk in chunks])
    return HalfList(indptr=indptr, indices=indices)


def _scratch(grid: Grid, atoms: int) -> int:
    """Labels that a list of evenly spread atoms has, if that is few, else none: it is then swept twice."""
    volume = math.prod(count * side for count, side in zip(grid.counts, grid.sides, strict=True))
    expected = 1.05 * atoms * atoms * 2 / 3 * math.pi / volume
    return int(min(expected, atoms * (atoms - 1) / 2)) if expected <= _SCRATCH else 0


def _shares(search: Search, threads: int) -> list[tuple[int, int]]:
    """Rows of cells for each thread: about as many atoms for each."""
    ends = search.atoms.starts[:, -1]
    stops = np.searchsorted(ends, ends[-1] * np.arange(1, threads + 1) / threads) + 1
    bounds = [0, *np.minimum(stops, len(ends)).tolist()]
    bounds[-1] = len(ends)
    return [(first, stop) for first, stop in pairwise(bounds) if first < stop]
