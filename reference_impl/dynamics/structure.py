"""How the atoms of a liquid or a crystal lie around each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from reference_impl.backends import jit
from reference_impl.box import Box, nearest_image
from reference_impl.neighbors import neighbor_list
from reference_impl.neighbors.system import as_positions
from reference_impl.whole import whole

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["RadialDistribution", "radial_distribution"]


class RadialDistribution(NamedTuple):
    """``density`` of atoms at ``distance`` from another one, over the mean density; both of shape (bins,)."""

    distance: NDArray[np.float64]
    density: NDArray[np.float64]


def radial_distribution(
    positions: ArrayLike, box: ArrayLike, *, cutoff: float, bins: int = 200
) -> RadialDistribution:
    """The function g(r) of a periodic system, in O(N).

    Pairs are counted in shells of equal thickness and divided by what an ideal gas of the same density has in
    them (Allen & Tildesley, Computer Simulation of Liquids, section 8.2).

    Parameters
    ----------
    positions, box
        Shape (N, 3), N >= 2, and three lengths or three cell vectors as rows.
    cutoff
        Where the last shell ends; at most half the smallest width of the box.
    bins
        Number of shells; ``distance`` holds their middles.

    Raises
    ------
    ValueError
        For a system or cutoff that :func:`reference_impl.neighbor_list` refuses, and less than one shell or two atoms.
    """
    checked_box = Box.closed(box)
    neighbors = neighbor_list(positions, checked_box, cutoff)
    here = as_positions(positions)
    bins = whole(bins, "bins")
    if bins < 1 or len(here) < 2:
        raise ValueError(f"got bins={bins} for {len(here)} atoms, allowed: 1 and more, 2 and more")
    counts = np.zeros(bins, np.int64)
    _count(here, checked_box, neighbors.indptr, neighbors.indices, bins / cutoff, counts)
    edges = np.linspace(0.0, cutoff, bins + 1)
    shells = 4 / 3 * np.pi * np.diff(edges**3)
    pairs_of_a_gas = len(here) * (len(here) - 1) / 2 * shells / checked_box.volume
    return RadialDistribution((edges[1:] + edges[:-1]) / 2, counts / pairs_of_a_gas)


@jit
def _count(
    positions: NDArray[np.float64],
    box: Box,
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    shells_per_length: float,
    counts: NDArray[np.int64],
) -> None:
    for i in range(len(positions)):
        for k in range(indptr[i], indptr[i + 1]):
            j = indices[k]
            x, y, z = nearest_image(
                positions[i, 0] - positions[j, 0],
                positions[i, 1] - positions[j, 1],
                positions[i, 2] - positions[j, 2],
                box,
            )
            shell = int(np.sqrt(x * x + y * y + z * z) * shells_per_length)
            counts[min(shell, len(counts) - 1)] += 1  # rounding may put a pair at the very end beyond it
