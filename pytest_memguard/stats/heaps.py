"""Kernels with two speeds, seen across pairs: three heaps of log ratios, of which the middle one tells the truth.

When a process draws its mode at the start and both sides draw alike, the log ratios fall at ``(-d, 0, +d)`` around the
truth with weights ``(pq, 1 - 2pq, pq)``: the heap in the middle compares like with like, and neither of the outer ones
can weigh more than a quarter. A trimmed mean cuts a fifth off either end, so outer heaps can get past it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_memguard.stats.trimmed import Interval, summarize_trimmed

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Heaps", "Limits", "middle_heap", "pair_limits", "refuting_count"]

_TRIM = 0.2
_FEW, _MANY = 8, 20  # pairs
_LARGEST_OUTER_WEIGHT = 0.25
_GAP = 22  # average spacings: a bell has no gap as wide as this where it matters, once in a hundred samples
_LOPSIDED = 0.003  # probability of outer heaps as unequal as these when both sides draw their mode alike


class Heaps(Enum):
    """What the pairs look like."""

    ONE = "one heap, but for what a trimmed mean cuts off"
    MATCHED = "heaps of which the middle one is known"
    UNMATCHED = "heaps of which any may be the middle one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The interval at one look, and what it was taken over."""

    interval: Interval
    heaps: Heaps


def pair_limits(pairs: Sequence[float], *, lower_alpha: float, upper_alpha: float) -> Limits:
    """Limits of the common shift of ``pairs``, five at least: by the middle heap where it is known, else trimmed.

    A trimmed mean stays right when heaps cannot be told apart (they are symmetric), it only gets wide.
    """
    below, heap, above = middle_heap(pairs)
    heaps = Heaps.ONE
    if max(below, above) > max(1, int(_TRIM * len(pairs))):
        is_known = _is_middle(below, len(pairs), above, alpha=min(lower_alpha, upper_alpha) / 2)
        heaps = Heaps.MATCHED if is_known else Heaps.UNMATCHED
    if heaps is Heaps.MATCHED:  # the other half of either level is for taking the wrong heap
        interval = summarize_trimmed(heap, trim=0).interval(
            lower_alpha=lower_alpha / 2, upper_alpha=upper_alpha / 2
        )
    else:
        trims = _trims(len(pairs))
        levels = {"lower_alpha": lower_alpha / len(trims), "upper_alpha": upper_alpha / len(trims)}
        found = [summarize_trimmed(pairs, trim=trim).interval(**levels) for trim in trims]
        interval = found[0] if len(found) == 1 else _common(*found)
    return Limits(interval=interval, heaps=heaps)


def _trims(count: int) -> tuple[float, ...]:
    """What to cut off either end of so many pairs; of two answers both count, each at half the level.

    Five that are cut leave three, and limits twice as wide: a wild one among them only defers the verdict. Cutting
    much is better where heaps run into one another, and worse elsewhere.
    """
    if count < _FEW:
        return (0.0,)
    return (0.0, _TRIM) if count < _MANY else (_TRIM, 0.35)


def _common(one: Interval, other: Interval) -> Interval:
    """What two intervals have in common; the narrower one gives the center."""
    lower, upper = max(one.lower, other.lower), min(one.upper, other.upper)
    narrower = one if one.upper - one.lower <= other.upper - other.lower else other
    if lower > upper:  # they contradict each other: nothing is claimed beyond what both allow
        lower, upper = upper, lower
    return Interval(center=min(max(narrower.center, lower), upper), lower=lower, upper=upper)


def middle_heap(values: Sequence[float]) -> tuple[int, list[float], int]:
    """The densest third with all that follows it without a gap of its own width, and how many lie below and above."""
    ordered = sorted(values)
    third = max(2, math.ceil(len(ordered) / 3))
    first = min(range(len(ordered) - third + 1), key=lambda i: ordered[i + third - 1] - ordered[i])
    last = first + third - 1
    width = ordered[last] - ordered[first]
    while True:
        reach = max(width, _GAP * (ordered[last] - ordered[first]) / len(ordered))
        if first > 0 and ordered[first] - ordered[first - 1] <= reach:
            first -= 1
        elif last < len(ordered) - 1 and ordered[last + 1] - ordered[last] <= reach:
            last += 1
        else:
            return first, ordered[first : last + 1], len(ordered) - 1 - last


def _is_middle(below: int, count: int, above: int, *, alpha: float) -> bool:
    """Whether a heap with so many values on either side is the middle one, wrong with probability ``alpha``.

    Were it not, it and all beyond it would be an outer heap, of a quarter at most: their count refutes that. Outer
    heaps too unequal mean that the change itself moved the code to its other mode: like with like would hide that.
    """
    if max(below, above) > count - refuting_count(count, alpha):
        return False
    return _tail(min(below, above), below + above) >= _LOPSIDED


@lru_cache(maxsize=256)
def refuting_count(count: int, alpha: float) -> int:
    """The least k of ``count`` that an outer heap reaches with a probability of at most ``alpha``."""
    heavy, light, tail = _LARGEST_OUTER_WEIGHT, 1 - _LARGEST_OUTER_WEIGHT, 0.0
    for k in range(count, -1, -1):
        tail += math.comb(count, k) * heavy**k * light ** (count - k)
        if tail > alpha:
            return k + 1
    return 0


def _tail(fewer: int, both: int) -> float:
    """Probability that fair coins fall as unequally as ``fewer`` of ``both``, either way."""
    return min(1.0, 2 * sum(math.comb(both, k) for k in range(fewer + 1)) / (1 << both))
