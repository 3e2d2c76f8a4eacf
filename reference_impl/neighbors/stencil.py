"""Which rows of cells can hold neighbors of the atoms of a row, and in which image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from reference_impl.backends import jit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reference_impl.neighbors.grid import Grid

__all__ = ["MAX_ROWS", "Stencil", "empty_stencil", "set_stencil"]

MAX_ROWS = (
    16  # the row itself, two ahead, and of the layer ahead five, or six where a tilt displaces it; in eights
)
_NOWHERE = 1e18  # cutoffs: behind any atom, and the square is finite in float32


class Stencil(NamedTuple):
    """Rows of cells around one row; of two opposite ones only that ahead, so that each pair is met once.

    Of row ``s``: it begins at ``base[s]`` of the flat starts of the columns; spans ``low[s]`` to ``high[s]``
    along y and begins at ``front[s]`` along z, all as seen from the atoms, and its image is displaced by ``along[s]``
    along x. Rows of one image form a group: ``members[g, s]`` is -1, else 0, and ``shifts[g]`` is (3,). Unused
    rows are far away. ``numbers`` are the squared reach, columns per length, ghost columns, all columns, and the
    length of the brick along x.
    """

    base: NDArray[np.int32]
    low: NDArray[Any]
    high: NDArray[Any]
    front: NDArray[Any]
    along: NDArray[Any]
    members: NDArray[np.int32]
    shifts: NDArray[Any]
    numbers: NDArray[Any]


def empty_stencil(grid: Grid, dtype: type[np.float32 | np.float64]) -> Stencil:
    low, high, front, along = np.zeros((4, MAX_ROWS), dtype)
    columns = grid.counts[0] + 2 * grid.ghosts
    numbers = np.array([grid.outer, 1 / grid.sides[0], grid.ghosts, columns, grid.frame.lengths[0]], dtype)
    base, members = np.zeros(MAX_ROWS, np.int32), np.zeros((MAX_ROWS, MAX_ROWS), np.int32)
    return Stencil(base, low, high, front, along, members, np.zeros((MAX_ROWS + 1, 3), dtype), numbers)


@jit
def set_stencil(  # noqa: C901, PLR0912 - one loop over the rows, and what is odd about each
    grid: Grid, row: int, stencil: Stencil
) -> tuple[int, int]:
    """Rows around ``row``, itself first; returns how many rows and groups there are."""
    base, low, high, front, along, members, shifts, _ = stencil
    columns, ny, nz = grid.counts[0] + 2 * grid.ghosts + 1, grid.counts[1], grid.counts[2]
    side_y, side_z, reach = grid.sides[1], grid.sides[2], grid.reach
    lengths, tilts = grid.frame.lengths, grid.frame.tilts
    cy, cz = row % ny, row // ny
    for s in range(MAX_ROWS):
        front[s], base[s] = _NOWHERE, row * columns
        for group in range(MAX_ROWS):
            members[group, s] = 0
    rows, groups = 0, 0
    for layer in range(cz, cz + int(np.ceil(reach / side_z)) + 1):
        image_z = layer // nz
        if image_z > 0 and lengths[2] == 0.0:
            break
        back = image_z * tilts[2]  # rows of this image lie so much further along y
        if layer == cz:
            first, last = cy, cy + int(np.ceil(reach / side_y))
        elif back == 0.0:
            first, last = cy - int(np.ceil(reach / side_y)), cy + int(np.ceil(reach / side_y))
        else:
            first = int(np.floor(cy - (back + reach) / side_y))
            last = int(np.ceil(cy + 1 + (reach - back) / side_y)) - 1
        for y in range(first, last + 1):
            image_y = y // ny
            if image_y != 0 and lengths[1] == 0.0:
                continue
            base[rows] = ((layer - image_z * nz) * ny + y - image_y * ny) * columns
            if layer == cz and y == cy:
                low[rows], high[rows] = -_NOWHERE, _NOWHERE  # rounding keeps no atom out of its own row
            else:
                low[rows], high[rows] = y * side_y + back, (y + 1) * side_y + back
            front[rows] = layer * side_z if layer > cz else -_NOWHERE
            x = image_z * tilts[1] + image_y * tilts[0]
            if lengths[0] > 0.0:  # images along x are all the same row
                x -= np.floor(x / lengths[0]) * lengths[0]
            along[rows] = x
            shift_y, shift_z = back + image_y * lengths[1], image_z * lengths[2]
            group = 0
            shifts[groups, 0], shifts[groups, 1], shifts[groups, 2] = x, shift_y, shift_z
            while (
                shifts[group, 0] != shifts[groups, 0]
                or shifts[group, 1] != shifts[groups, 1]
                or shifts[group, 2] != shifts[groups, 2]
            ):
                group += 1
            groups = max(groups, group + 1)
            members[group, rows] = -1
            rows += 1
    return rows, groups
