"""The oracle's own arithmetic, for the few pairs that rounding could move over the cutoff."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference_impl.backends import jit
from reference_impl.neighbors.sort import wrap

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reference_impl.neighbors.grid import Grid

__all__ = ["is_pair"]


@jit
def is_pair(positions: NDArray[np.float64], i: int, j: int, shift: NDArray[np.float64], grid: Grid) -> bool:
    """Whether atom ``j``, displaced by ``shift`` (3,), is *the* image of it near atom ``i``, below the cutoff.

    At half the box length two images are equally far, and a pair must not count twice.
    """
    squared = 0.0
    for axis in range(3):
        length = grid.lengths[axis]
        difference = positions[j, axis] - positions[i, axis]
        if length > 0.0:
            difference -= length * np.rint(difference / length)
            seen = wrap(positions[j, axis], length) + shift[axis] - wrap(positions[i, axis], length)
            if abs(seen - difference) > length / 2:
                return False
        squared += difference * difference
    return squared < grid.cutoff * grid.cutoff
