"""The oracle's own arithmetic, for the few pairs that rounding could move over the cutoff."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference_impl.backends import jit_inline
from reference_impl.neighbors.sort import turn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reference_impl.neighbors.grid import Grid

__all__ = ["is_pair"]


@jit_inline
def is_pair(
    positions: NDArray[np.float64], i: int, j: int, seen: tuple[float, float, float], grid: Grid
) -> bool:
    """Whether atom ``j``, ``seen`` from atom ``i`` in the frame, is *the* image of it, and closer than the cutoff.

    At half the width of the box two images are equally far, and a pair must not count twice.
    """
    dx = positions[j, 0] - positions[i, 0]
    dy = positions[j, 1] - positions[i, 1]
    dz = positions[j, 2] - positions[i, 2]
    x, y, z = dx, dy, dz
    for axis in range(3):
        inverse, vector = grid.inverse, grid.vectors[axis]
        whole = np.rint(dx * inverse[0][axis] + dy * inverse[1][axis] + dz * inverse[2][axis])
        x -= whole * vector[0]
        y -= whole * vector[1]
        z -= whole * vector[2]
    if not x * x + y * y + z * z < grid.cutoff * grid.cutoff:
        return False
    u, v, w = turn(x, y, z, grid.frame)
    # Images are two cutoffs apart, and what was seen is right to far less than one.
    return (u - seen[0]) ** 2 + (v - seen[1]) ** 2 + (w - seen[2]) ** 2 < 0.25
