"""The loops over atoms: one row of the half list each, counted or filled."""
# ruff: noqa: FBT001 - compiled functions take no keywords

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from reference_impl.backends import jit
from reference_impl.neighbors.exact import is_pair
from reference_impl.neighbors.lanes import LANES, count_portable, count_vector, sweep_portable, sweep_vector
from reference_impl.neighbors.segments import find_segments

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reference_impl.neighbors.grid import Grid
    from reference_impl.neighbors.segments import Segments
    from reference_impl.neighbors.sort import SortedAtoms

__all__ = ["Search", "count_rows", "fill_rows"]


class Search(NamedTuple):
    """What all loops share; ``positions`` have shape (N, 3), in the caller's order."""

    positions: NDArray[np.float64]
    grid: Grid
    atoms: SortedAtoms
    segments: Segments


@jit
def _stretch(
    search: Search, s: int, i: int
) -> tuple[int, int, tuple[float, float, float], NDArray[np.float64]]:
    """Segment ``s`` as seen from sorted atom ``i``: first, stop, the atom displaced against it, the displacement."""
    atoms, segments = search.atoms, search.segments
    first = segments.begin[s] if s else i + 1  # of its own cell only the atoms behind it
    shift = segments.shift[s]
    center = (atoms.x[i] - shift[0], atoms.y[i] - shift[1], atoms.z[i] - shift[2])
    return first, segments.end[s], center, shift


@jit
def _count_row(search: Search, used: int, i: int, vectors: bool) -> tuple[int, int]:
    """How many neighbors sorted atom ``i`` has below the inner and below the outer limit."""
    inside, maybe = 0, 0
    x, y, z = search.atoms.x, search.atoms.y, search.atoms.z
    limits = (search.grid.inner, search.grid.outer)
    for s in range(used):
        first, stop, center, _ = _stretch(search, s, i)
        if vectors:
            more, most = count_vector(x, y, z, first, stop, center, limits)
        else:
            more, most = count_portable(x, y, z, first, stop, center, limits)
        inside += more
        maybe += most
    return inside, maybe


@jit
def _find_row(search: Search, used: int, i: int, found: NDArray[np.int32], vectors: bool) -> int:
    """Names of the atoms near sorted atom ``i``, below the outer limit, into ``found``; returns their number."""
    k = 0
    x, y, z, names = search.atoms.x, search.atoms.y, search.atoms.z, search.atoms.names
    for s in range(used):
        first, stop, center, _ = _stretch(search, s, i)
        if vectors:
            k = sweep_vector(x, y, z, names, first, stop, center, search.grid.outer, found, k)
        else:
            k = sweep_portable(x, y, z, names, first, stop, center, search.grid.outer, found, k)
    return k


@jit
def _find_row_exactly(search: Search, used: int, i: int, found: NDArray[np.int32]) -> int:
    """:func:`_find_row` for the rows where rounding could move a pair over the cutoff."""
    k = 0
    x, y, z, names = search.atoms.x, search.atoms.y, search.atoms.z, search.atoms.names
    for s in range(used):
        first, stop, center, shift = _stretch(search, s, i)
        kept = k
        k = sweep_portable(x, y, z, names, first, stop, center, search.grid.outer, found, k)
        for candidate in found[kept:k]:
            found[kept] = candidate
            kept += is_pair(search.positions, names[i], candidate, shift, search.grid)
        k = kept
    return k


@jit
def count_rows(search: Search, indptr: NDArray[np.int64], vectors: bool) -> int:
    """Pairs of atom ``a`` into ``indptr[a + 1]``; returns the most names that one row can have."""
    starts, names = search.atoms.starts, search.atoms.names
    longest = 0
    for cell in range(len(starts) - 2):
        if starts[cell] == starts[cell + 1]:
            continue
        used = find_segments(search.grid, starts, cell, search.segments)
        for i in range(starts[cell], starts[cell + 1]):
            pairs, maybe = _count_row(search, used, i, vectors)
            longest = max(longest, maybe)
            if pairs != maybe:  # rare in a liquid, every row of a lattice with a shell at the cutoff
                found = np.empty(maybe + LANES, np.int32)
                pairs = _find_row_exactly(search, used, i, found)
            indptr[names[i] + 1] = pairs
    return longest


@jit
def fill_rows(
    search: Search,
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    found: NDArray[np.int32],
    vectors: bool,
) -> None:
    """Rows of all atoms into ``indices``; ``found`` has room for the longest row and one vector."""
    starts, names = search.atoms.starts, search.atoms.names
    for cell in range(len(starts) - 2):
        if starts[cell] == starts[cell + 1]:
            continue
        used = find_segments(search.grid, starts, cell, search.segments)
        for i in range(starts[cell], starts[cell + 1]):
            row, end = indptr[names[i]], indptr[names[i] + 1]
            # Not straight into the list: the packing writes past its hits, into rows that are done.
            k = _find_row(search, used, i, found, vectors)
            if k != end - row:
                k = _find_row_exactly(search, used, i, found)
            for n in range(k):
                indices[row + n] = found[n]
