"""A periodic system as kernels read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from reference_impl.box import Box
from reference_impl.neighbors.system import checked_system

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["MAX_ATOMS", "MAX_LENGTHS", "box_numbers", "check_count", "checked_for_device", "coordinates"]

MAX_ATOMS = 2**27  # times the threads of an atom is an int32
MAX_LENGTHS = 1000  # beyond so many box lengths rounding could put an atom into a wrong cell


class CheckedSystem(NamedTuple):
    """``positions`` (N, 3), ``lengths`` (3,), float64."""

    positions: NDArray[np.float64]
    lengths: NDArray[np.float64]
    cutoff: float


def checked_for_device(positions: ArrayLike, box: ArrayLike | Box, cutoff: float) -> CheckedSystem:
    """A system that kernels can take.

    Raises
    ------
    ValueError
        For what :func:`reference_impl.neighbor_list` refuses, and what kernels do not know: boxes that are open or
        tilted, coordinates beyond ``MAX_LENGTHS`` of the shortest box length, more than ``MAX_ATOMS``.
    """
    lengths = Box.closed(box).lengths
    numbers, _, cutoff = checked_system(positions, Box.of(lengths), cutoff, ())
    check_count(len(numbers))
    farthest = abs(numbers).max(initial=0.0)
    if farthest > MAX_LENGTHS * lengths.min():
        raise ValueError(
            f"got coordinates up to {farthest:g}, allowed on a device: up to {MAX_LENGTHS} times the shortest box "
            f"length, {lengths.min():g}; wrap the atoms into the box"
        )
    return CheckedSystem(numbers, lengths, cutoff)


def check_count(atoms: int) -> None:
    """Raise a ``ValueError`` for more atoms than kernels can count threads and cells of."""
    if atoms > MAX_ATOMS:
        raise ValueError(f"got {atoms} atoms, allowed on a device: up to {MAX_ATOMS}")


def box_numbers(lengths: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shape (6,): the lengths and their inverses."""
    return np.concatenate([lengths, 1.0 / lengths])


def coordinates(vectors: NDArray[Any]) -> NDArray[np.float64]:
    """From (N, 3) to (3, N): neighboring threads then read neighboring numbers."""
    return np.ascontiguousarray(vectors.T, np.float64)
