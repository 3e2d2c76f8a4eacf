"""Half list in O(N): sort the atoms into cells, sweep those around each atom."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from reference_impl.neighbors.chunks import Chunk, Sweeper, shares
from reference_impl.neighbors.grid import make_grid
from reference_impl.neighbors.in_order import list_in_order
from reference_impl.neighbors.lanes import LANES
from reference_impl.neighbors.lists import HalfList, found_list
from reference_impl.neighbors.search import Search
from reference_impl.neighbors.sort import sort_atoms
from reference_impl.threads import run_at_once

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reference_impl.box import Box
    from reference_impl.neighbors.grid import Grid

__all__ = ["half_list", "working_set_bytes"]

_WORTH_A_THREAD = 4096  # atoms: a millisecond of sweeping, some ten times what a thread costs
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


def half_list(  # noqa: PLR0913 - three, and keywords
    positions: NDArray[np.float64],
    box: Box,
    cutoff: float,
    *,
    in_order: bool = False,
    threads: int = 1,
    vectors: bool = True,
    double: bool = False,
) -> HalfList:
    """Half list of checked ``positions`` of shape (N, 3), in the caller's order or ``in_order`` of the cells.

    ``vectors=False`` takes the portable inner loops, ``double=True`` sweeps in float64.
    """
    atoms = len(positions)
    indptr = np.zeros(atoms + 1, np.int64)
    if atoms < 2:
        order = np.arange(atoms, dtype=np.int32) if in_order else None
        return HalfList(indptr=indptr, indices=np.empty(0, np.int32), order=order)
    grid, dtype = make_grid(positions, box, cutoff, double=double)
    search = Search(positions, grid, sort_atoms(positions, grid, dtype, in_order=in_order))
    threads = min(threads, 1 + atoms // _WORTH_A_THREAD)
    sweepers = [Sweeper(search, vectors=vectors) for _ in range(threads)]
    if in_order:
        indices = list_in_order(sweepers, indptr, _expected_pairs(grid, atoms))
        np.cumsum(indptr, out=indptr)
        return found_list(HalfList, indptr, indices, search.atoms.order)
    parts = shares(search, threads)
    scratch = _scratch(grid, atoms) // threads
    chunks = [Chunk(sweeper, *rows, scratch) for sweeper, rows in zip(sweepers, parts, strict=False)]
    run_at_once([partial(chunk.count, indptr) for chunk in chunks])
    np.cumsum(indptr, out=indptr)
    indices = np.empty(indptr[-1], np.int32)
    run_at_once([partial(chunk.fill, indptr, indices) for chunk in chunks])
    return found_list(HalfList, indptr, indices)


def _expected_pairs(grid: Grid, atoms: int) -> int:
    """Of evenly spread atoms."""
    volume = math.prod(count * side for count, side in zip(grid.counts, grid.sides, strict=True))
    return int(min(atoms * atoms * 2 / 3 * math.pi / volume, atoms * (atoms - 1) / 2))


def _scratch(grid: Grid, atoms: int) -> int:
    """Labels of a list of evenly spread atoms, if that is few, else none: it is then swept twice."""
    expected = int(1.05 * _expected_pairs(grid, atoms))
    return expected if expected <= _SCRATCH else 0
