"""Half list in O(N): count the pairs of each atom, then fill exactly that much memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference_impl.neighbors.grid import make_grid, max_cells
from reference_impl.neighbors.lanes import LANES
from reference_impl.neighbors.lists import HalfList
from reference_impl.neighbors.rows import Search, count_rows, fill_rows
from reference_impl.neighbors.segments import segment_space
from reference_impl.neighbors.sort import sort_atoms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reference_impl.box import Box

__all__ = ["half_list", "working_set_bytes"]


def working_set_bytes(atoms: int, pairs: int) -> int:
    """Upper limit on what :func:`half_list` allocates at once, its result included."""
    result = 8 * (atoms + 1) + 4 * (pairs + LANES)
    sorted_atoms = (3 * 8 + 4) * (atoms + LANES) + 4 * (max_cells(atoms) + 2)
    return (
        result + sorted_atoms + atoms + 8 * (atoms + LANES)
    )  # flags, and one row with both images of each atom


def half_list(positions: NDArray[np.float64], box: Box, cutoff: float, *, vectors: bool = True) -> HalfList:
    """Half list of checked ``positions`` of shape (N, 3) in the caller's order, by a cell list.

    ``vectors=False`` takes the portable inner loops on every processor.
    """
    atoms = len(positions)
    indptr = np.zeros(atoms + 1, np.int64)
    if atoms < 2:
        return HalfList(indptr=indptr, indices=np.empty(0, np.int32))
    grid = make_grid(positions, box, cutoff)
    search = Search(positions, grid, sort_atoms(positions, grid), segment_space(grid))
    decided = np.empty(atoms, np.bool_)
    longest = count_rows(search, indptr, decided, vectors)
    np.cumsum(indptr, out=indptr)
    indices = np.empty(indptr[-1] + LANES, np.int32)
    fill_rows(search, indptr, decided, indices, np.empty(longest + LANES, np.int32), vectors)
    return HalfList(indptr=indptr, indices=indices[:-LANES])
