"""Atoms sorted by cell, as one array per coordinate."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from reference_impl.backends import jit
from reference_impl.neighbors.lanes import LANES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reference_impl.neighbors.grid import Grid

__all__ = ["SortedAtoms", "sort_atoms", "wrap"]


class SortedAtoms(NamedTuple):
    """``x``, ``y``, ``z`` (wrapped) and ``names`` have shape (N + LANES,): cell ``c`` is ``starts[c]:starts[c + 1]``.

    ``names`` are the atoms' numbers in the caller's order.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    z: NDArray[np.float64]
    names: NDArray[np.int32]
    starts: NDArray[np.int32]


def sort_atoms(positions: NDArray[np.float64], grid: Grid) -> SortedAtoms:
    """Counting sort of ``positions`` of shape (N, 3) into the cells of ``grid``, O(N + cells)."""
    atoms = len(positions)
    x, y, z = (np.zeros(atoms + LANES) for _ in range(3))
    # Longer by two: filling turns the starts of the next cells into those of the cells themselves.
    starts = np.zeros(int(np.prod(grid.counts)) + 2, np.int32)
    result = SortedAtoms(x, y, z, np.zeros(atoms + LANES, np.int32), starts)
    _sort(positions, grid, np.empty(atoms, np.int32), result)
    return result


@jit
def wrap(coordinate: float, length: float) -> float:
    """Image of ``coordinate`` in [0, length]; the coordinate itself along an open axis, whose length is 0."""
    if length == 0.0:
        return coordinate
    wrapped = coordinate - length * np.floor(coordinate / length)
    # A tiny negative coordinate rounds to the length itself, which is the next image of 0.
    return 0.0 if wrapped >= length else wrapped  # and NaN stays NaN


@jit
def _cell(wrapped: float, origin: float, cells_per_length: float, count: int) -> int:
    return min(max(int((wrapped - origin) * cells_per_length), 0), count - 1)


@jit
def _sort(positions: NDArray[np.float64], grid: Grid, cells: NDArray[np.int32], result: SortedAtoms) -> None:
    counts, origin, lengths, scale = grid.counts, grid.origin, grid.lengths, grid.cells_per_length
    x, y, z, names, starts = result.x, result.y, result.z, result.names, result.starts
    for i in range(len(positions)):
        column = _cell(wrap(positions[i, 0], lengths[0]), origin[0], scale[0], counts[0])
        row = _cell(wrap(positions[i, 1], lengths[1]), origin[1], scale[1], counts[1])
        layer = _cell(wrap(positions[i, 2], lengths[2]), origin[2], scale[2], counts[2])
        cells[i] = (layer * counts[1] + row) * counts[0] + column
        starts[cells[i] + 2] += 1
    for c in range(2, len(starts)):
        starts[c] += starts[c - 1]
    for i in range(len(positions)):
        k = starts[cells[i] + 1]
        starts[cells[i] + 1] = k + 1
        names[k] = i
        x[k] = wrap(positions[i, 0], lengths[0])
        y[k] = wrap(positions[i, 1], lengths[1])
        z[k] = wrap(positions[i, 2], lengths[2])
