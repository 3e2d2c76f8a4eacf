"""The box cut into bricks, and the atoms in and around one."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from reference_impl.box import Box

__all__ = ["Brick", "Members", "best_cuts", "bricks_of", "members_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Brick:
    """What lies between ``lower`` and ``upper`` along each axis that is ``cut``; all of the others."""

    lower: tuple[float, ...]
    upper: tuple[float, ...]
    cut: tuple[bool, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """Atoms of a brick, then those of its halo.

    ``atoms`` of shape (M,) are their numbers in the whole system, one more than once when several of its images
    are near; ``places`` of shape (M, 3) are where they are seen from the brick; the first ``owned`` are its own.
    """

    atoms: NDArray[np.intp]
    places: NDArray[np.float64]
    owned: int


def best_cuts(count: int, box: Box) -> tuple[int, int, int]:
    """Into how many parts to cut each axis for ``count`` bricks with the least surface, which is what halos cost.

    Raises
    ------
    ValueError
        For less than one brick, and several in a box without a periodic axis.
    """
    if count < 1:
        raise ValueError(f"got {count} domains, allowed: 1 and more")
    divided = [(x, y, count // (x * y)) for x in _divisors(count) for y in _divisors(count // x)]
    cuts = [
        cut for cut in divided if all(n == 1 for n, flag in zip(cut, box.periodic, strict=True) if not flag)
    ]
    if not cuts:
        raise ValueError(f"got {count} domains in a box without periodic axes, allowed: 1")
    return min(cuts, key=lambda cut: sum(n / box.lengths[i] for i, n in enumerate(cut) if n > 1))


def _divisors(number: int) -> list[int]:
    return [n for n in range(1, number + 1) if number % n == 0]


def bricks_of(box: Box, cuts: Sequence[int]) -> list[Brick]:
    """Equal bricks, ``cuts`` of them along each axis.

    Raises
    ------
    ValueError
        When there are not three positive numbers, or an open axis would be cut.
    """
    if len(cuts) != 3 or min(cuts) < 1:
        raise ValueError(f"got domains={tuple(cuts)}, allowed: one number or three, 1 and more")
    if any(n > 1 and not periodic for n, periodic in zip(cuts, box.periodic, strict=True)):
        raise ValueError(f"got domains={tuple(cuts)}, allowed: 1 along open axes")
    edges = [np.linspace(0.0, length, n + 1).tolist() for length, n in zip(box.lengths, cuts, strict=True)]
    is_cut = tuple(n > 1 for n in cuts)
    return [
        Brick(
            lower=tuple(edges[axis][i] for axis, i in enumerate(place)),
            upper=tuple(edges[axis][i + 1] for axis, i in enumerate(place)),
            cut=is_cut,
        )
        for place in product(*map(range, cuts))
    ]


def members_of(brick: Brick, positions: NDArray[np.float64], box: Box, reach: float) -> Members:
    """Atoms in the brick, and all images of others within ``reach`` of it along the axes that are cut."""
    atoms = np.arange(len(positions))
    places = positions.copy()
    is_own = np.ones(len(atoms), bool)
    for axis in np.flatnonzero(brick.cut):
        length, lower, upper = box.lengths[axis], brick.lower[axis], brick.upper[axis]
        places[:, axis] -= length * np.floor(places[:, axis] / length)
        # Rounding can leave exactly one length; that place is 0, and has to have an owner.
        places[places[:, axis] >= length, axis] = 0.0
        is_own &= (places[:, axis] >= lower) & (places[:, axis] < upper)
        images = []
        for shift in (-length, 0.0, length):
            place = places[:, axis] + shift
            near = np.flatnonzero((place > lower - reach) & (place < upper + reach))
            seen = places[near]
            seen[:, axis] = place[near]
            images.append((atoms[near], seen, is_own[near] & (shift == 0.0)))
        atoms, places, is_own = (np.concatenate(parts) for parts in zip(*images, strict=True))
    order = np.argsort(~is_own, kind="stable")
    return Members(atoms=atoms[order], places=places[order], owned=int(is_own.sum()))
