"""Where the cells lie: a grid over the brick of the box, or over the atoms along open axes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from reference_impl.neighbors.frame import Frame, as_tuples, frame_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reference_impl.box import Box

__all__ = ["Grid", "make_grid", "max_cells"]

# Cells per cutoff along x, y, z. Memory runs along x, so fine cells there trim each row to what can be near, at
# the price of a few more cells. Along y halves leave fewer candidates, and eight rows of cells, as many as there
# are lanes to plan them in; smaller ones make rows too short to sweep in vectors.
_CELLS_PER_CUTOFF = (6, 2, 1)
_EPSILON, _SINGLE_EPSILON = float(np.finfo(np.float64).eps), float(np.finfo(np.float32).eps)
_WORST_SINGLE = 1e-3  # of the cutoff may be rounding in float32, before float64 is cheaper than looking twice


class Grid(NamedTuple):
    """``counts`` cells of ``sides`` (both (3,)) from ``origin`` in ``frame``, ``ghosts`` more at both ends of a row.

    All in units of the cutoff. ``inner`` and ``outer`` enclose its square, 1, by more than rounding can move a
    squared distance; ``reach`` is the root of ``outer``. ``vectors``, ``inverse`` and ``cutoff`` are as given.
    """

    frame: Frame
    vectors: tuple[tuple[float, ...], ...]
    inverse: tuple[tuple[float, ...], ...]
    counts: tuple[int, ...]
    sides: tuple[float, ...]
    origin: tuple[float, ...]
    ghosts: int
    cutoff: float
    inner: float
    outer: float
    reach: float


def max_cells(atoms: int) -> int:
    """Upper limit on the number of cells, so that memory is O(N) however sparse the system is."""
    return atoms + 64


def make_grid(
    positions: NDArray[np.float64], box: Box, cutoff: float, *, double: bool = False
) -> tuple[Grid, type[np.float32 | np.float64]]:
    """Grid for ``positions`` of shape (N, 3), N > 0, and the precision in which to sweep it.

    That is float32 where its rounding leaves few pairs in doubt, and float64 elsewhere or if asked for.
    """
    frame = frame_of(box, cutoff)
    origin, extent = [0.0] * 3, list(frame.lengths)
    for axis in range(3):
        if not box.periodic[axis]:
            column = positions @ [row[axis] for row in frame.into] if frame.is_rotated else positions[:, axis]
            unit = 1.0 if frame.is_rotated else frame.into[axis][axis]
            origin[axis] = float(column.min()) * unit
            extent[axis] = float(column.max()) * unit - origin[axis]
    rounding = max(1e-9, 64 * _EPSILON * max(box.magnitude(positions) / cutoff, *extent))
    slack = rounding + 8 * _SINGLE_EPSILON * (max(extent) + 1)
    dtype: type[np.float32 | np.float64] = np.float32
    if double or slack > _WORST_SINGLE:
        slack, dtype = rounding, np.float64
    reach = 1 + slack
    counts = _cell_counts(extent, reach, max_cells(len(positions)))
    sides = [
        length / count if flag else max(length / count, reach / wanted)
        for length, count, flag, wanted in zip(extent, counts, box.periodic, _CELLS_PER_CUTOFF, strict=True)
    ]
    grid = Grid(
        frame=frame,
        vectors=as_tuples(box.vectors),
        inverse=as_tuples(box.inverse),
        counts=counts,
        sides=tuple(sides),
        origin=tuple(origin),
        ghosts=math.ceil(reach / sides[0]) if box.periodic[0] else 0,
        cutoff=cutoff,
        inner=max(0.0, 1 - slack) ** 2,
        outer=reach**2,
        reach=reach,
    )
    return grid, dtype


def _cell_counts(extent: list[float], reach: float, limit: int) -> tuple[int, ...]:
    counts = [
        max(1, int(wanted * min(length / reach, limit)))
        for length, wanted in zip(extent, _CELLS_PER_CUTOFF, strict=True)
    ]
    while math.prod(counts) > limit:  # wider cells are as right, and sparse systems can afford them
        widest = counts.index(max(counts))
        counts[widest] = (counts[widest] + 1) // 2
    return tuple(counts)
