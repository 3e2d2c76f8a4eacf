"""Kernels with two speeds, seen in the slices of one pair: the modes are compared like with like.

Where pages or arrays happen to lie, or what else runs on the core, makes calls faster or slower by a constant factor.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pytest_memguard.stats.trimmed import median

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["pair_log_ratio", "split_modes"]

_SEPARATION = (
    5.0  # standard deviations between two modes; halving one normal sample gives 2.7, a uniform one 3.5
)
_FEWEST = 3  # slices of a mode: one or two are a hiccup


def split_modes(values: Sequence[float]) -> float | None:
    """Where two modes part: the middle of their gap; None when there is one mode only.

    Two means in one dimension, exact since the best split of sorted values is contiguous.
    """
    ordered = sorted(values)
    count = len(ordered)
    best, cut = math.inf, 0
    for size in range(_FEWEST, count - _FEWEST + 1):
        squares = _squares(ordered[:size]) + _squares(ordered[size:])
        if squares < best:
            best, cut = squares, size
    if not cut:
        return None
    low, high = ordered[:cut], ordered[cut:]
    distance = math.fsum(high) / len(high) - math.fsum(low) / len(low)
    apart = distance > _SEPARATION * math.sqrt(best / count) and high[0] - low[-1] > 0.4 * distance
    return (low[-1] + high[0]) / 2 if apart else None


def _squares(values: Sequence[float]) -> float:
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values)


def pair_log_ratio(base_seconds: Sequence[float], head_seconds: Sequence[float]) -> float:
    """ln(head / base) of one pair: the median over its slices, of those alone in which both are in the same mode.

    Entry ``i`` of either side is the fastest iteration of slice ``i``. A side is split by its own slices, so that a
    slow-down moves the result by its logarithm and by nothing else. Unless both sides show both modes in slices
    enough, all slices count: a minority cannot move the median.
    """
    if len(base_seconds) != len(head_seconds) or not base_seconds:
        raise ValueError(
            f"got {len(base_seconds)} and {len(head_seconds)} slices, accepted: as many on either side, at least one"
        )
    base, head = (
        [math.log(seconds) for seconds in base_seconds],
        [math.log(seconds) for seconds in head_seconds],
    )
    slices = list(zip(base, head, strict=True))
    base_cut, head_cut = split_modes(base), split_modes(head)
    if base_cut is not None and head_cut is not None:
        alike = [(a, b) for a, b in slices if (a > base_cut) == (b > head_cut)]
        slices = alike if len(alike) >= _FEWEST else slices
    return median([b - a for a, b in slices])
