"""The public face: a neighbor list of a configuration."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, overload

import numpy as np

from reference_impl.backends import HAS_NUMBA
from reference_impl.neighbors.brute_force import brute_force
from reference_impl.neighbors.cell_list import half_list
from reference_impl.neighbors.lists import FullList, HalfList, full_from_half
from reference_impl.neighbors.system import checked_system
from reference_impl.threads import checked_threads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from reference_impl.box import Box

__all__ = ["check_choices", "half_list_of", "neighbor_list"]


@overload
def neighbor_list(
    positions: ArrayLike,
    box: ArrayLike | Box | None,
    cutoff: float,
    *,
    full: Literal[False] = False,
    periodic: Sequence[bool] = ...,
    order: Literal["caller", "sorted"] = ...,
    threads: int = ...,
) -> HalfList: ...
@overload
def neighbor_list(
    positions: ArrayLike,
    box: ArrayLike | Box | None,
    cutoff: float,
    *,
    full: Literal[True],
    periodic: Sequence[bool] = ...,
    order: Literal["caller", "sorted"] = ...,
    threads: int = ...,
) -> FullList: ...
def neighbor_list(  # noqa: PLR0913 - three, and keywords
    positions: ArrayLike,
    box: ArrayLike | Box | None,
    cutoff: float,
    *,
    full: bool = False,
    periodic: Sequence[bool] = (True, True, True),
    order: Literal["caller", "sorted"] = "caller",
    threads: int = 1,
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
    order
        ``"caller"``: rows and indices are the caller's atoms. ``"sorted"``: they are places in the order of cells
        in which the list was made, which is ``order`` of the list. Such a list is the list of
        ``positions[result.order]``, cheaper to build and, being local, to use.
    threads
        Up to so many sweep at once; the list is the same for all.

    Returns
    -------
    HalfList or FullList
        CSR.

    Raises
    ------
    ValueError
        For shapes, dtypes, orders and threads other than these, coordinates that are not finite (names atom and
        axis), a box that is not positive or spans no volume, and a cutoff above half the smallest distance between
        two opposite periodic faces.

    Notes
    -----
    Without numba this is the O(N²) oracle.
    """
    check_choices(order, threads)
    numbers, checked_box, cutoff = checked_system(positions, box, cutoff, periodic)
    half = half_list_of(numbers, checked_box, cutoff, order=order, threads=threads)
    return full_from_half(half) if full else half


def half_list_of(
    positions: NDArray[np.float64], box: Box, cutoff: float, *, order: str, threads: int
) -> HalfList:
    """Half list of a checked system, by the fastest means that are installed."""
    if HAS_NUMBA:
        return half_list(positions, box, cutoff, in_order=order == "sorted", threads=threads)
    half = brute_force(positions, box, cutoff)
    return replace(half, order=np.arange(len(positions), dtype=np.int32)) if order == "sorted" else half


def check_choices(order: str, threads: int) -> None:
    if order not in ("caller", "sorted"):
        raise ValueError(f"got order={order!r}, allowed: caller, sorted")
    checked_threads(threads)
