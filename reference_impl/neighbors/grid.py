"""Where the cells lie, and which rows of cells can hold neighbors of an atom."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reference_impl.box import Box

__all__ = ["Grid", "make_grid", "max_cells"]

# Cells per cutoff along x, y, z. Memory runs along x, so fine cells there trim each row to what can be near,
# at the price of a few more cells; along y and z they would make rows too short to sweep in vectors.
_CELLS_PER_CUTOFF = (4, 1, 1)


class Grid(NamedTuple):
    """Cells that cover the box, or the atoms along open axes. No remainder: the last cell ends where they end.

    ``counts``, ``origin``, ``lengths`` (0.0 along open axes) and ``cells_per_length`` have shape (3,). Each of the
    ``rows`` is ``(dy, dz, first_dx, last_dx)`` relative to an atom's cell; together they hold each neighbor
    once for one of the two atoms, and the first row starts at the atom's own cell.
    ``inner`` and ``outer`` enclose the squared cutoff by more than rounding can move a squared distance.
    """

    counts: NDArray[np.int64]
    origin: NDArray[np.float64]
    lengths: NDArray[np.float64]
    cells_per_length: NDArray[np.float64]
    rows: NDArray[np.int64]
    cutoff: float
    inner: float
    outer: float


def max_cells(atoms: int) -> int:
    """Upper limit on the number of cells, so that memory is O(N) however sparse the system is."""
    return 2 * atoms + 64


def make_grid(positions: NDArray[np.float64], box: Box, cutoff: float) -> Grid:
    """Grid for ``positions`` of shape (N, 3), N > 0."""
    lengths = box.lengths.copy()  # writable, like all arrays of compiled kernels
    origin, extent = np.zeros(3), lengths.copy()
    for axis in np.flatnonzero(~box.periodic):
        column = positions[:, axis]
        origin[axis] = column.min()
        extent[axis] = column.max() - origin[axis]
    largest = max(abs(positions.min()), abs(positions.max()), extent.max())
    slack = max(1e-9, 64 * np.finfo(np.float64).eps * largest / cutoff)
    reach = cutoff * (1 + slack)
    counts = _cell_counts(extent, reach, max_cells(len(positions)))
    sides = np.where(counts > 1, extent / counts, np.where(box.periodic, extent, np.inf))
    return Grid(
        counts=counts,
        origin=origin,
        lengths=lengths,
        cells_per_length=np.where(counts > 1, 1 / np.maximum(sides, np.finfo(float).tiny), 0.0),
        rows=_half_stencil(sides, counts, box.periodic, reach),
        cutoff=cutoff,
        inner=(cutoff * max(0.0, 1 - slack)) ** 2,
        outer=reach**2,
    )


def _cell_counts(extent: NDArray[np.float64], reach: float, limit: int) -> NDArray[np.int64]:
    wanted = np.floor(np.array(_CELLS_PER_CUTOFF) * np.minimum(extent / reach, limit))
    counts: NDArray[np.int64] = np.maximum(wanted, 1).astype(np.int64)
    while math.prod(counts.tolist()) > limit:  # wider cells are as right, and sparse systems can afford them
        widest = int(np.argmax(counts))
        counts[widest] = (counts[widest] + 1) // 2
    return counts


def _half_stencil(
    sides: NDArray[np.float64], counts: NDArray[np.int64], periodic: NDArray[np.bool_], reach: float
) -> NDArray[np.int64]:
    """Rows that can hold atoms within ``reach``; of two opposite rows only one, of the own row the forward half."""

    def steps(axis: int, width: float) -> int:
        step = math.ceil(width / float(sides[axis]))
        return step if periodic[axis] else min(step, int(counts[axis]) - 1)

    def gap(axis: int, step: int) -> float:
        return (abs(step) - 1) * float(sides[axis]) if abs(step) > 1 else 0.0

    rows = []
    for dz in range(steps(2, reach) + 1):
        for dy in range(-steps(1, reach) if dz else 0, steps(1, reach) + 1):
            left = reach**2 - gap(1, dy) ** 2 - gap(2, dz) ** 2
            if left > 0:
                dx = steps(0, math.sqrt(left))
                rows.append((dy, dz, -dx if dy or dz else 0, dx))
    return np.array(rows, np.int64)
