"""The public face: a neighbor list of a configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from reference_impl.backends import HAS_NUMBA
from reference_impl.neighbors.brute_force import brute_force
from reference_impl.neighbors.cell_list import half_list
from reference_impl.neighbors.lists import FullList, HalfList, full_from_half
from reference_impl.neighbors.system import checked_system

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from reference_impl.box import Box

__all__ = ["neighbor_list"]


@overload
def neighbor_list(
    positions: ArrayLike,
    box: ArrayLike | Box | None,
    cutoff: float,
    *,
    full: Literal[False] = False,
    periodic: Sequence[bool] = ...,
) -> HalfList: ...
@overload
def neighbor_list(
    positions: ArrayLike,
    box: ArrayLike | Box | None,
    cutoff: float,
    *,
    full: Literal[True],
    periodic: Sequence[bool] = ...,
) -> FullList: ...
def neighbor_list(
    positions: ArrayLike,
    box: ArrayLike | Box | None,
    cutoff: float,
    *,
    full: bool = False,
    periodic: Sequence[bool] = (True, True, True),
) -> HalfList | FullList:
    """All pairs of atoms closer than ``cutoff``, in O(N).

    Parameters
    ----------
    positions
        Shape (N, 3), in the unit of ``box`` and ``cutoff``. Atoms may lie outside the box. float64 that is
        C-contiguous is used as it is; anything else is copied once.
    box
        Three lengths of an orthorhombic box, three cell vectors as rows of shape (3, 3), of any tilt and
        handedness, or ``None`` for open boundaries on all sides.
    cutoff
        Distances below it count; equal ones do not.
    full
        Whether each pair stands in the rows of both its atoms.
    periodic
        Along which lengths or vectors the box repeats. Those along which it does not have no meaning.

    Returns
    -------
    HalfList or FullList
        CSR in the caller's order of atoms.

    Raises
    ------
    ValueError
        For shapes and dtypes other than these, coordinates that are not finite (names atom and axis), a box that
        is not positive or spans no volume, and a cutoff above half the smallest distance between two opposite
        periodic faces.

    Notes
    -----
    Without numba this is the O(N²) oracle.
    """
    numbers, checked_box, cutoff = checked_system(positions, box, cutoff, periodic)
    half = (half_list if HAS_NUMBA else brute_force)(numbers, checked_box, cutoff)
    return full_from_half(half) if full else half
