"""The stretches of sorted atoms that hold the neighbors of one cell, each in one periodic image."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from reference_impl.backends import jit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reference_impl.neighbors.grid import Grid

__all__ = ["Segments", "find_segments", "segment_space"]


class Segments(NamedTuple):
    """Atoms ``begin[s]:end[s]`` of the sorted order, displaced by ``shift[s]`` (shape (3,)), are near."""

    begin: NDArray[np.int64]
    end: NDArray[np.int64]
    shift: NDArray[np.float64]


def segment_space(grid: Grid) -> Segments:
    """Room for the segments of any cell of ``grid``."""
    widest = int(grid.rows[:, 3].max()) * 2 + 1
    images_per_row = widest // int(grid.counts[0]) + 2
    size = images_per_row * len(grid.rows)
    return Segments(np.zeros(size, np.int64), np.zeros(size, np.int64), np.zeros((size, 3)))


@jit
def find_segments(grid: Grid, starts: NDArray[np.int32], cell: int, segments: Segments) -> int:
    """Fill ``segments`` for ``cell``, its own row first; returns how many there are."""
    nx, ny, nz = grid.counts[0], grid.counts[1], grid.counts[2]
    cx, cy, cz = cell % nx, cell // nx % ny, cell // (nx * ny)
    used = 0
    for r in range(len(grid.rows)):
        iy, iz = (cy + grid.rows[r, 0]) // ny, (cz + grid.rows[r, 1]) // nz
        if (iy != 0 and grid.lengths[1] == 0.0) or (iz != 0 and grid.lengths[2] == 0.0):
            continue  # beyond an open side
        y, z = cy + grid.rows[r, 0] - iy * ny, cz + grid.rows[r, 1] - iz * nz
        row = (z * ny + y) * nx
        column, last = cx + grid.rows[r, 2], cx + grid.rows[r, 3]
        if grid.lengths[0] == 0.0:
            column, last = max(column, 0), min(last, nx - 1)
        while column <= last:
            image = column // nx
            stop = min(last, image * nx + nx - 1)
            segments.begin[used] = starts[row + column - image * nx]
            segments.end[used] = starts[row + stop - image * nx + 1]
            segments.shift[used, 0] = image * grid.lengths[0]
            segments.shift[used, 1] = iy * grid.lengths[1]
            segments.shift[used, 2] = iz * grid.lengths[2]
            used += 1
            column = stop + 1
    return used
