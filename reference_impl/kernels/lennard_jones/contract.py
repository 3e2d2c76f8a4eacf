"""The public face: what goes in, what comes out, and which back end does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from reference_impl.backends import HAS_NUMBA
from reference_impl.kernels.lennard_jones import compiled, oracle
from reference_impl.neighbors.brute_force import squared_distance
from reference_impl.neighbors.lists import FullList, HalfList
from reference_impl.neighbors.system import checked_system

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from reference_impl.box import Box

__all__ = ["Forces", "checked_out", "lennard_jones", "nearest_pair", "working_set_bytes"]


class Forces(NamedTuple):
    """``forces`` of shape (N, 3), ``energy`` of all pairs, and ``virial``: the sum of r · F over the pairs."""

    forces: NDArray[np.float64]
    energy: float
    virial: float


def working_set_bytes(atoms: int) -> int:
    """What a call allocates, its result included, with the compiled back end."""
    return 24 * atoms


def lennard_jones(
    positions: ArrayLike,
    box: ArrayLike | Box | None,
    neighbors: HalfList | FullList,
    *,
    cutoff: float = 2.5,
    out: NDArray[np.float64] | None = None,
) -> Forces:
    """Forces on all atoms, their energy and virial.

    Parameters
    ----------
    positions, box, cutoff
        As in :func:`reference_impl.neighbor_list`, in reduced units. Pairs at or beyond ``cutoff`` do not count.
    neighbors
        Every pair closer than ``cutoff``; farther ones may be in it, as in a list with a skin.
    out
        Where the forces go: shape (N, 3), float64, C-contiguous, writable, and apart from ``positions``.

    Raises
    ------
    ValueError
        For a system that :func:`reference_impl.neighbor_list` refuses, a list of another number of atoms, an
        ``out`` other than that, and two atoms so near that the force or energy is not finite (names them).
    """
    numbers, checked_box, cutoff = checked_system(positions, box, cutoff, (True, True, True))
    if len(neighbors.indptr) != len(numbers) + 1:
        raise ValueError(
            f"got a list of {len(neighbors.indptr) - 1} atoms, allowed: {len(numbers)}, as in positions"
        )
    forces = np.empty(numbers.shape) if out is None else checked_out(out, numbers)
    add_forces = compiled.add_forces if HAS_NUMBA else oracle.add_forces
    energy, virial = add_forces(
        numbers,
        checked_box,
        neighbors.indptr,
        neighbors.indices,
        cutoff * cutoff,
        forces,
        isinstance(neighbors, HalfList),
    )
    if not np.isfinite(energy + virial):  # the virial grows like the forces, faster than the energy
        raise ValueError(f"{nearest_pair(numbers, checked_box, neighbors)}, allowed: distances above 1e-22")
    return Forces(forces, energy, virial)


def checked_out(out: NDArray[np.float64], positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """``out``, if it can take the forces on atoms at ``positions``."""
    atoms = len(positions)
    if not (
        isinstance(out, np.ndarray)
        and out.shape == (atoms, 3)
        and out.dtype == np.float64
        and out.flags.c_contiguous
        and out.flags.writeable
    ):
        got = f"{out.dtype} of shape {out.shape}" if isinstance(out, np.ndarray) else type(out).__name__
        raise ValueError(f"got out={got}, allowed: float64 of shape ({atoms}, 3), C-contiguous and writable")
    if np.may_share_memory(out, positions):
        raise ValueError("got an out that shares memory with the positions, allowed: one apart")
    return out


def nearest_pair(positions: NDArray[np.float64], box: Box, neighbors: HalfList | FullList) -> str:
    """Which atoms of all pairs are nearest to each other, as the start of an error."""
    first, second = neighbors.pairs().T
    squared = squared_distance(positions[first] - positions[second], box)
    nearest = int(np.argmin(squared))
    how = f"{np.sqrt(squared[nearest]):.2g} apart" if squared[nearest] else "in the same place"
    return f"atoms {first[nearest]} and {second[nearest]} are {how}"
