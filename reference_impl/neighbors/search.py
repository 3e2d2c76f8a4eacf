"""What all sweeps share."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reference_impl.backends import jit
from reference_impl.neighbors.lanes import LANES
from reference_impl.neighbors.stencil import MAX_ROWS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from reference_impl.neighbors.grid import Grid
    from reference_impl.neighbors.sort import SortedAtoms

__all__ = ["Search", "most_candidates"]


class Search(NamedTuple):
    """A system, sorted; ``positions`` have shape (N, 3), in the caller's order."""

    positions: NDArray[np.float64]
    grid: Grid
    atoms: SortedAtoms


@jit
def most_candidates(search: Search) -> int:
    """Upper limit on the atoms that are looked at for one atom, vectors' ends included."""
    starts, grid = search.atoms.starts, search.grid
    window = min(int(2 * grid.reach / grid.sides[0]) + 3, starts.shape[1] - 1)
    longest = 0
    for row in range(len(starts)):
        for column in range(starts.shape[1] - window):
            longest = max(longest, starts[row, column + window] - starts[row, column])
    return MAX_ROWS * (longest + LANES)
