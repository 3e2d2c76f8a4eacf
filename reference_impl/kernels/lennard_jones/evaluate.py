"""Forces for positions in the caller's order, over blocks that are kept while no atom has moved too far."""
# ruff: noqa: FBT001, PLR0913, PLR0917 - compiled functions take no keywords

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference_impl.backends import jit
from reference_impl.kernels.blocks.sort import share_of
from reference_impl.kernels.lennard_jones.blocked import PULL_UNIT
from reference_impl.kernels.lennard_jones.workspace import (
    DONE,
    Workspace,
    add_all_pulls,
    collect,
    narrow_places,
    refresh,
)
from reference_impl.kernels.team import meet
from reference_impl.vectors.values import lanes

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["evaluate"]


@jit
def evaluate(
    work: Workspace,
    positions: NDArray[np.float64],
    forces: NDArray[np.float64],
    farthest: float,
    is_new: bool,
    threads: int,
    mine: int,
) -> tuple[int, bool]:
    """Overwrite ``forces`` (N, 3); returns what became of it, and whether rows were found.

    Rows are found when an atom is more than ``farthest`` from where it was, and when ``is_new``: then ``work``
    holds the positions already.
    """
    outdated = is_new
    if not is_new:
        first, stop = share_of(work.order, mine)
        work.flags[DONE, mine] = _move(work, positions, farthest, first, stop)
        narrow_places(work, first, stop)
        meet(work.counters, threads, mine)
        outdated = work.flags[DONE].any()
    if outdated:
        status = refresh(work, None, None, threads, mine)
        if status != DONE:
            return status, False
    add_all_pulls(work, True, threads, mine)
    collect(work, threads, mine)
    _hand_out(work, forces, mine)
    return DONE, outdated


@jit
def _move(work: Workspace, positions: NDArray[np.float64], farthest: float, first: int, stop: int) -> bool:
    """Atoms of blocks ``first:stop`` to the nearest image of where they are now; whether one went too far."""
    width, lengths, names = lanes(work.pairs), work.columns.lengths, work.order.names
    moved_far = False
    for slot in range(first * width, stop * width):
        if names[slot] < 0:
            continue
        at, squared = slot + slot // width * 2 * width, 0.0
        for axis in range(3):
            moved = positions[names[slot], axis] - work.built[at]
            moved -= lengths[axis] * np.rint(moved / lengths[axis])
            work.places[at] = work.built[at] + moved
            squared += moved * moved
            at += width
        moved_far |= not squared <= farthest * farthest  # NaN as well: the sort then finds it
    return moved_far


@jit
def _hand_out(work: Workspace, forces: NDArray[np.float64], mine: int) -> None:
    """Forces of the atoms of thread ``mine`` in the caller's order and units; forgets them."""
    width, names, pulls = lanes(work.pairs), work.order.names, work.pulls[mine]
    first, stop = share_of(work.order, mine)
    for slot in range(first * width, stop * width):
        if names[slot] >= 0:
            at = slot + slot // width * 2 * width
            for axis in range(3):
                forces[names[slot], axis] = PULL_UNIT * pulls[at + axis * width]
    pulls[3 * width * first : 3 * width * stop] = 0
