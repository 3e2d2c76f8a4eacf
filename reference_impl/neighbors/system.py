"""Positions, box and cutoff, checked once for every method."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference_impl.box import Box

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["MAX_ATOMS", "MAX_CUTOFFS", "as_positions", "checked_system"]

MAX_ATOMS = 2**29  # and their images, at worst three of each, are counted by int32
MAX_CUTOFFS = 1e13
_FARTHEST = 1e140
_ROUNDING = 4 * np.finfo(np.float64).eps  # of a width


def as_positions(positions: ArrayLike) -> NDArray[np.float64]:
    """Positions of shape (N, 3) as C-contiguous, read-only float64: a view where it already is that.

    Raises
    ------
    ValueError
        For another shape, a dtype other than float32, float64 or an integer, NaN or infinity.
    """
    given = np.asarray(positions)
    if given.ndim != 2 or given.shape[1] != 3:
        raise ValueError(f"got positions of shape {given.shape}, allowed: (N, 3)")
    if given.dtype.kind not in "iuf":
        raise ValueError(f"got positions of dtype {given.dtype}, allowed: float32, float64 and integers")
    if len(given) > MAX_ATOMS:
        raise ValueError(f"got {len(given)} atoms, allowed: up to {MAX_ATOMS}")
    with np.errstate(over="ignore"):  # of wider floats: is seen below
        numbers = np.ascontiguousarray(given, np.float64)[...]
    numbers.flags.writeable = False  # always: compiled kernels then exist once, not also for writable arrays
    # Extremes pass on NaN and infinity, without a temporary of N booleans.
    if len(numbers) and not np.isfinite([numbers.min(), numbers.max()]).all():
        atom, axis = np.argwhere(~np.isfinite(numbers))[0]
        raise ValueError(
            f"atom {atom} has {'xyz'[axis]} = {numbers[atom, axis]} (axis {axis}), allowed: finite coordinates"
        )
    return numbers


def checked_system(
    positions: ArrayLike, box: ArrayLike | Box | None, cutoff: float, periodic: Sequence[bool]
) -> tuple[NDArray[np.float64], Box, float]:
    """Positions, box and cutoff as kernels want them.

    Raises
    ------
    ValueError
        For invalid positions or boxes, a cutoff that is not positive and finite, and a cutoff above half the
        smallest width, where a pair could be near in two images; and for coordinates so large that
        rounding would decide.
    """
    numbers = as_positions(positions)
    checked_box = Box.of(box, periodic)
    if not (np.isfinite(cutoff) and cutoff > 0):
        raise ValueError(f"got cutoff={cutoff}, allowed: positive and finite")
    if not 1 / _FARTHEST <= cutoff <= _FARTHEST:
        raise ValueError(
            f"got cutoff={cutoff}, allowed: {1 / _FARTHEST:g} to {_FARTHEST:g}, whose squares float64 can hold; "
            "take another unit"
        )
    half_width = checked_box.smallest_width / 2
    if cutoff > half_width * (1 + _ROUNDING):
        width = "periodic box length" if checked_box.is_orthorhombic else "distance between periodic faces"
        raise ValueError(
            f"got cutoff={cutoff}, allowed: at most half the shortest {width}, {half_width:.15g}; "
            "take a larger box or replicate this one"
        )
    largest = checked_box.magnitude(numbers)
    if largest > MAX_CUTOFFS * cutoff:
        farthest = f" ({_farthest(numbers)})" if len(numbers) else ""
        raise ValueError(
            f"got coordinates or sums of cell vectors up to {largest:g}{farthest}, allowed: up to {MAX_CUTOFFS:g} "
            f"times the cutoff ({cutoff:g}), beyond which float64 cannot tell distances apart; "
            "move the origin to the atoms"
        )
    return numbers, checked_box, float(cutoff)


def _farthest(positions: NDArray[np.float64]) -> str:
    atom, axis = np.unravel_index(abs(positions).argmax(), positions.shape)
    return f"atom {atom} has {'xyz'[axis]} = {positions[atom, axis]:g}"
