"""The loops over atoms: one row of the half list each, counted or filled.

They are long and flat on purpose: handing the arrays from function to function, atom by atom, costs as much
time again as the sweeps.
"""
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
def _find_exactly(search: Search, used: int, i: int, found: NDArray[np.int32]) -> int:
    """Neighbors of sorted atom ``i`` into ``found``, where rounding could move a pair over the cutoff."""
    x, y, z, names, _ = search.atoms
    begin, end, shift = search.segments
    kept = 0
    for s in range(used):
        center = (x[i] - shift[s, 0], y[i] - shift[s, 1], z[i] - shift[s, 2])
        first = begin[s] if s else i + 1
        near = sweep_portable(x, y, z, names, first, end[s], center, search.grid.outer, found, kept)
        for candidate in found[kept:near]:
            found[kept] = candidate
            kept += is_pair(search.positions, names[i], candidate, shift[s], search.grid)
    return kept


@jit
def count_rows(search: Search, indptr: NDArray[np.int64], decided: NDArray[np.bool_], vectors: bool) -> int:
    """Pairs of atom ``a`` into ``indptr[a + 1]``; whether no rounding could change them into ``decided[a]``.

    Returns the most names that a row which is not decided can have on the way.
    """
    x, y, z, names, starts = search.atoms
    begin, end, shift = search.segments
    limits = (search.grid.inner, search.grid.outer)
    longest = 0
    for cell in range(len(starts) - 2):
        if starts[cell] == starts[cell + 1]:
            continue
        used = find_segments(search.grid, starts, cell, search.segments)
        for i in range(starts[cell], starts[cell + 1]):
            pairs, maybe = 0, 0
            for s in range(used):
                center = (x[i] - shift[s, 0], y[i] - shift[s, 1], z[i] - shift[s, 2])
                first = begin[s] if s else i + 1  # of its own cell only the atoms behind it
                if vectors:
                    more, most = count_vector(x, y, z, first, end[s], center, limits)
                else:
                    more, most = count_portable(x, y, z, first, end[s], center, limits)
                pairs += more
                maybe += most
            decided[names[i]] = pairs == maybe
            if pairs != maybe:  # rare in a liquid, every row of a lattice with a shell at the cutoff
                longest = max(longest, maybe)
                pairs = _find_exactly(search, used, i, np.empty(maybe + LANES, np.int32))
            indptr[names[i] + 1] = pairs
    return longest


@jit
def fill_rows(
    search: Search,
    indptr: NDArray[np.int64],
    decided: NDArray[np.bool_],
    indices: NDArray[np.int32],
    found: NDArray[np.int32],
    vectors: bool,
) -> None:
    """Rows of all atoms into ``indices``; it and ``found`` are longer by ``LANES`` than the longest they hold."""
    x, y, z, names, starts = search.atoms
    begin, end, shift = search.segments
    outer = search.grid.outer
    behind = np.empty(LANES, np.int32)
    for cell in range(len(starts) - 2):
        if starts[cell] == starts[cell + 1]:
            continue
        used = find_segments(search.grid, starts, cell, search.segments)
        for i in range(starts[cell], starts[cell + 1]):
            k, stop = indptr[names[i]], indptr[names[i] + 1]
            if not decided[names[i]]:
                _find_exactly(search, used, i, found)
                indices[k:stop] = found[: stop - k]
                continue
            # The sweep writes up to one vector past its hits, maybe into a row that is done: put that back.
            for lane in range(LANES):
                behind[lane] = indices[stop + lane]
            for s in range(used):
                center = (x[i] - shift[s, 0], y[i] - shift[s, 1], z[i] - shift[s, 2])
                first = begin[s] if s else i + 1
                if vectors:
                    k = sweep_vector(x, y, z, names, first, end[s], center, outer, indices, k)
                else:
                    k = sweep_portable(x, y, z, names, first, end[s], center, outer, indices, k)
            for lane in range(LANES):
                indices[stop + lane] = behind[lane]
