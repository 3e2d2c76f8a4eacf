"""Atoms sorted by cell, as one array per coordinate."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from reference_impl.backends import jit, jit_inline
from reference_impl.neighbors.lanes import LANES, prefetch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reference_impl.neighbors.frame import Frame
    from reference_impl.neighbors.grid import Grid

__all__ = ["SortedAtoms", "place_in_brick", "sort_atoms", "turn", "wrap"]

_FAR = 1e15  # where the lanes behind the end of a row are, in cutoffs; the square is finite in float32


class SortedAtoms(NamedTuple):
    """Rows of cells along x, each: images of its last atoms, its atoms, images of its first atoms, nothing near.

    ``x``, ``y``, ``z`` are in the brick of the grid's frame, from its origin. Column ``c`` of row ``r`` is
    ``starts[r, c]:starts[r, c + 1]``; ``starts`` has shape (rows, columns with ghosts + 1). ``labels`` are how
    the list names the atoms: by the caller's numbers where ``order`` is empty, else by their place among the
    sorted ones, and ``order[label]`` is the caller's number.
    """

    x: NDArray[np.float32 | np.float64]
    y: NDArray[np.float32 | np.float64]
    z: NDArray[np.float32 | np.float64]
    labels: NDArray[np.int32]
    starts: NDArray[np.int32]
    order: NDArray[np.int32]


def sort_atoms(
    positions: NDArray[np.float64],
    grid: Grid,
    dtype: type[np.float32 | np.float64],
    *,
    in_order: bool = False,
) -> SortedAtoms:
    """Counting sort of ``positions`` of shape (N, 3) into the cells of ``grid``, O(N + cells).

    ``in_order`` makes labels of places in the sorted order.
    """
    atoms = len(positions)
    columns, rows = grid.counts[0], grid.counts[1] * grid.counts[2]
    cells = np.empty(atoms, np.int32)
    cursors = np.zeros((rows, columns), np.int32)
    starts = np.empty((rows, columns + 2 * grid.ghosts + 1), np.int32)
    _count(positions, grid, cells, cursors.reshape(-1))
    size = _lay_out(grid, cursors, starts)
    labels = np.empty(size, np.int32)
    _place(cells, cursors.reshape(-1), labels)
    del cells, cursors
    x, y, z = (np.empty(size, dtype) for _ in range(3))
    order = np.empty(atoms if in_order else 0, np.int32)
    result = SortedAtoms(x, y, z, labels, starts, order)
    _gather(positions, grid, result)
    return result


@jit
def wrap(coordinate: float, length: float) -> float:
    """Image of ``coordinate`` in [0, length]; the coordinate itself along an open axis, whose length is 0."""
    if length == 0.0:
        return coordinate
    wrapped = coordinate - length * np.floor(coordinate / length)
    # A tiny negative coordinate rounds to the length itself, which is the next image of 0.
    return 0.0 if wrapped >= length else wrapped  # and NaN stays NaN


@jit_inline
def turn(x: float, y: float, z: float, frame: Frame) -> tuple[float, float, float]:
    """A vector in the frame."""
    into = frame.into
    if frame.is_rotated:
        return (
            x * into[0][0] + y * into[1][0] + z * into[2][0],
            x * into[0][1] + y * into[1][1] + z * into[2][1],
            x * into[0][2] + y * into[1][2] + z * into[2][2],
        )
    return x * into[0][0], y * into[1][1], z * into[2][2]


@jit_inline
def place_in_brick(positions: NDArray[np.float64], i: int, grid: Grid) -> tuple[float, float, float]:
    """Coordinates of atom ``i`` in the brick of the grid's frame, from its origin; up to rounding."""
    frame = grid.frame
    x, y, z = turn(positions[i, 0], positions[i, 1], positions[i, 2], frame)
    if frame.lengths[2] > 0.0:
        bricks = np.floor(z / frame.lengths[2])
        x -= bricks * frame.tilts[1]
        y -= bricks * frame.tilts[2]
        z -= bricks * frame.lengths[2]
    if frame.lengths[1] > 0.0:
        bricks = np.floor(y / frame.lengths[1])
        x -= bricks * frame.tilts[0]
        y -= bricks * frame.lengths[1]
    if frame.lengths[0] > 0.0:
        x -= np.floor(x / frame.lengths[0]) * frame.lengths[0]
    return max(x - grid.origin[0], 0.0), max(y - grid.origin[1], 0.0), max(z - grid.origin[2], 0.0)


@jit
def _count(
    positions: NDArray[np.float64], grid: Grid, cells: NDArray[np.int32], counts: NDArray[np.int32]
) -> None:
    """The cell of each atom into ``cells``, and how many each cell has into ``counts``."""
    nx, ny, nz = grid.counts[0], grid.counts[1], grid.counts[2]
    sx, sy, sz = 1 / grid.sides[0], 1 / grid.sides[1], 1 / grid.sides[2]
    for i in range(len(positions)):
        x, y, z = place_in_brick(positions, i, grid)
        column = min(max(int(x * sx), 0), nx - 1)
        row = min(max(int(y * sy), 0), ny - 1)
        layer = min(max(int(z * sz), 0), nz - 1)
        cell = (layer * ny + row) * nx + column
        cells[i] = cell
        counts[cell] += 1


@jit
def _lay_out(grid: Grid, cursors: NDArray[np.int32], starts: NDArray[np.int32]) -> int:
    """Turn the counts in ``cursors`` into the places of the cells' first atoms; returns the length of all rows."""
    columns, ghosts = grid.counts[0], grid.ghosts
    k = 0
    for row in range(len(starts)):
        for column in range(columns + 2 * ghosts):
            starts[row, column] = k
            k += cursors[row, (column - ghosts) % columns]
        starts[row, columns + 2 * ghosts] = k
        for column in range(columns):
            cursors[row, column] = starts[row, ghosts + column]
        k += LANES
    return k


@jit
def _place(cells: NDArray[np.int32], cursors: NDArray[np.int32], names: NDArray[np.int32]) -> None:
    for i in range(len(cells)):
        k = cursors[cells[i]]
        cursors[cells[i]] = k + 1
        names[k] = i


@jit
def _gather(positions: NDArray[np.float64], grid: Grid, atoms: SortedAtoms) -> None:
    """Coordinates where the names are: reading from everywhere costs less than writing to everywhere."""
    x, y, z, labels, starts, order = atoms
    columns, ghosts, length = grid.counts[0], grid.ghosts, grid.frame.lengths[0]
    flat, rank = positions.reshape(-1), 0
    for row in range(len(starts)):
        front, first = starts[row, 0], starts[row, ghosts]
        end, back = starts[row, ghosts + columns], starts[row, columns + 2 * ghosts]
        for k in range(first, end):
            prefetch(flat, 3 * labels[min(k + 16, end - 1)])
            x[k], y[k], z[k] = place_in_brick(positions, labels[k], grid)
            if len(order):
                order[rank] = labels[k]
                labels[k] = rank
            rank += 1
        for k in range(front, first):
            source = end - first + k
            x[k], y[k], z[k], labels[k] = x[source] - length, y[source], z[source], labels[source]
        for k in range(end, back):
            source = first - end + k
            x[k], y[k], z[k], labels[k] = x[source] + length, y[source], z[source], labels[source]
        for k in range(back, back + LANES):
            x[k], y[k], z[k], labels[k] = _FAR, _FAR, _FAR, 0
