"""Steps over blocks: kick, drift, forces, and new rows when an atom has moved too far, all in compiled code."""
# ruff: noqa: FBT001, PLR0913, PLR0917 - compiled functions take no keywords

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reference_impl.backends import jit
from reference_impl.kernels.blocks.sort import share_of
from reference_impl.kernels.lennard_jones.blocked import PULL_UNIT
from reference_impl.kernels.lennard_jones.workspace import DONE, Workspace, add_all_pulls, collect, refresh
from reference_impl.kernels.team import meet
from reference_impl.vectors.values import any_beyond, fma, lanes, load, load_wide, splat, store

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Motion", "advance"]


class Motion(NamedTuple):
    """``speeds`` (3 M,) are the velocities in sorted order, ``spare`` room to sort them.

    ``clock`` (T, 8) is what each thread counts: steps since the rows were found, and how often they were.
    """

    speeds: NDArray[np.float64]
    spare: NDArray[np.float64]
    clock: NDArray[np.int64]


@jit
def advance(
    work: Workspace,
    motion: Motion,
    steps: int,
    time_step: float,
    skin: float,
    rebuild_every: int,
    resumed: bool,
    threads: int,
    mine: int,
) -> tuple[int, int]:
    """``steps`` steps; energy and virial of the last one. Returns what became of it, and the steps that were done.

    Begins and ends with positions, velocities and forces of one time. After ``FULL`` call it again with more room
    for what is left, ``resumed``; ``LOST`` is the end of the run. Zero steps find rows and forces for the
    places as they are.
    """
    age = motion.clock[mine, 0]
    for step in range(max(steps, 1)):
        if steps > 0 and not (resumed and step == 0):
            kick = PULL_UNIT * time_step * (0.5 if step == 0 else 1.0)
            collect(work, threads, mine)
            work.flags[DONE, mine] = _kick_and_drift(work, motion.speeds, kick, time_step, skin / 2, mine)
            age += 1
            meet(work.counters, threads, mine)
            outdated = age >= rebuild_every if rebuild_every > 0 else work.flags[DONE].any()
        else:
            outdated = True
        if outdated:
            status = refresh(work, motion.speeds, motion.spare, threads, mine)
            if status != DONE:
                return status, step
            age = 0
            motion.clock[mine, 1] += 1
        add_all_pulls(work, step >= steps - 1, threads, mine)
    motion.clock[mine, 0] = age
    collect(work, threads, mine)
    if steps > 0:
        _kick(work, motion.speeds, PULL_UNIT * time_step / 2, mine)
    return DONE, steps


@jit
def _kick_and_drift(
    work: Workspace, speeds: NDArray[np.float64], kick: float, time_step: float, farthest: float, mine: int
) -> bool:
    """Accelerate and move the atoms of thread ``mine``, forget their forces; whether one is ``farthest`` away."""
    first, stop = share_of(work.order, mine)
    places, built, pairs, pulls = work.places, work.built, work.pairs, work.pulls[mine]
    width, step = lanes(pairs), lanes(places)
    kicks, times, limit = splat(kick), splat(time_step), splat(farthest * farthest)
    zero = splat(0.0)
    moved_far = 0
    for block in range(first, stop):
        for lane in range(0, width, step):
            squared = zero
            for axis in range(3):
                k = (3 * block + axis) * width + lane
                speed = fma(kicks, load_wide(pulls, k), load(speeds, k))
                place = fma(times, speed, load(places, k))
                moved = place - load(built, k)
                squared = fma(moved, moved, squared)
                store(speeds, k, speed)
                store(places, k, place)
                store(pulls, k, zero)
                if pairs.itemsize != places.itemsize:
                    store(pairs, k, place - splat(work.center[axis]))
            moved_far |= any_beyond(squared, limit)
    return moved_far != 0


@jit
def _kick(work: Workspace, speeds: NDArray[np.float64], kick: float, mine: int) -> None:
    """Accelerate the atoms of thread ``mine``."""
    first, stop = share_of(work.order, mine)
    width, step = lanes(work.pairs), lanes(work.places)
    pulls, kicks = work.pulls[mine], splat(kick)
    for k in range(3 * width * first, 3 * width * stop, step):
        store(speeds, k, fma(kicks, load_wide(pulls, k), load(speeds, k)))
