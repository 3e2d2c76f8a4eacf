"""The verdict on pairs of timings taken in turn, as soon as they allow one.

A pair is one number, ln(head / base); pairs are the independent unit, for the noise sits between processes and minutes
and what is common to the two sides of a pair cancels (Bulej et al., *Duet Benchmarking*, ICPE 2020, arXiv 2001.05811).
``decide`` is a function of all pairs so far: a driver calls it whenever it has added some and is told how many more
are wanted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from pytest_memguard.stats.heaps import Heaps, Limits, pair_limits, refuting_count
from pytest_memguard.stats.spending import alpha_levels
from pytest_memguard.stats.trimmed import median

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LOOKS", "Decision", "DuetOutcome", "alpha_per_comparison", "decide"]

LOOKS = (
    5,
    8,
    12,
    16,
    20,
    25,
    30,
    40,
    60,
    90,
    130,
)  # pairs; five have a trimmed mean with a spread, modes take 40 and more, processes that differ by 5 % 90 and more
FRESH_PAIRS = 5  # confirm a slow-down
BETA = 0.03  # probability, over all looks, to pass a slow-down of exactly the threshold


class DuetOutcome(Enum):
    """What the pairs say about head against base."""

    PASS = "pass"  # noqa: S105 - a verdict
    IMPROVED = "improved"
    REGRESSED = "regressed"
    INCONCLUSIVE = "inconclusive"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The outcome; ``ratio`` is head / base, with its limits, over ``pairs_used``.

    ``resolvable`` is the smallest threshold that pairs this noisy would have decided on whatever the truth. These four
    are NaN before the first look. ``pairs_wanted`` is 0 unless more pairs would tell.
    """

    outcome: DuetOutcome
    ratio: float
    lower: float
    upper: float
    resolvable: float
    pairs_used: int
    pairs_wanted: int
    reason: str


def alpha_per_comparison(benchmarks: int, *, single: float = 0.001, family: float = 0.1) -> float:
    """What one comparison may risk so that any false ``REGRESSED`` among ``benchmarks`` stays below ``family``."""
    return min(single, family / max(1, benchmarks))


def decide(
    pairs: Sequence[float],
    *,
    threshold: float = 0.05,
    alpha: float = 0.001,
    beta: float = BETA,
    looks: Sequence[int] = LOOKS,
) -> Decision:
    """Judge log ratios in the order they were measured, against a slow-down by ``threshold`` (0.05 is 5 %).

    ``REGRESSED``: the lower limit is beyond half the threshold, and so is the median of five fresh pairs. That befalls
    a true slow-down of half the threshold with at most ``alpha`` over all looks, unchanged code more rarely.
    ``PASS``: the upper limit is below the threshold; one beyond it passes with at most ``beta``. While the center is
    beyond three quarters of the threshold that waits for the last look: a few pairs more tell whether it is red.
    ``INCONCLUSIVE``: neither after the last of the ``looks``, which count pairs and start at five or more.
    """
    if not threshold > 0:
        raise ValueError(f"got threshold {threshold!r}, accepted: more than 0")
    slow, half = math.log1p(threshold), math.log1p(threshold) / 2
    # At half the threshold fresh pairs confirm every other time. That is not spent: so far out in the tails Yuen's t
    # errs up to twice as often as its level says.
    lower_levels = alpha_levels(tuple(looks), total=alpha, power=1)
    # Most code is unchanged: what it may cost to pass it is spent early.
    upper_levels = alpha_levels(tuple(looks), total=beta, power=0.5)
    limits: Limits | None = None
    crossed = False
    for look, lower_alpha, upper_alpha in zip(looks, lower_levels, upper_levels, strict=True):
        if len(pairs) < look:
            return _decision(
                DuetOutcome.UNDECIDED, limits, len(pairs), "more pairs would tell", wanted=look - len(pairs)
            )
        limits = pair_limits(pairs[:look], lower_alpha=lower_alpha, upper_alpha=upper_alpha)
        # An outer heap alone must not carry a verdict either, even where the heaps cannot be told apart.
        beyond, below = sum(pair > half for pair in pairs[:look]), sum(pair < slow for pair in pairs[:look])
        crossed = limits.interval.lower > half and beyond >= refuting_count(look, lower_alpha)
        if crossed:
            fresh = pairs[look : look + FRESH_PAIRS]
            if len(fresh) < FRESH_PAIRS:
                wanted = FRESH_PAIRS - len(fresh)
                return _decision(
                    DuetOutcome.UNDECIDED, limits, len(pairs), "a slow-down, to be confirmed", wanted=wanted
                )
            if median(fresh) > half:
                reason = f"slower by more than half the threshold, confirmed by {FRESH_PAIRS} fresh pairs"
                return _decision(DuetOutcome.REGRESSED, limits, look + FRESH_PAIRS, reason)
        elif limits.interval.upper < slow and below >= refuting_count(look, upper_alpha):
            if limits.interval.center > (half + slow) / 2 and look != looks[-1]:
                continue
            if limits.interval.upper < -half:
                return _decision(DuetOutcome.IMPROVED, limits, look, "faster by more than half the threshold")
            return _decision(DuetOutcome.PASS, limits, look, "not slower by the threshold")
    assert limits is not None
    return _decision(DuetOutcome.INCONCLUSIVE, limits, looks[-1], _why_open(limits, crossed=crossed))


def _why_open(limits: Limits, *, crossed: bool) -> str:
    if crossed:
        return f"a slow-down that {FRESH_PAIRS} fresh pairs did not confirm"
    if limits.heaps is Heaps.UNMATCHED:
        return "the pairs fall into heaps that cannot be matched: the code has two speeds"
    return "too noisy for the threshold"


def _decision(
    outcome: DuetOutcome, limits: Limits | None, used: int, reason: str, *, wanted: int = 0
) -> Decision:
    center = lower = upper = math.nan
    if limits:
        center, lower, upper = limits.interval.center, limits.interval.lower, limits.interval.upper
    return Decision(
        outcome=outcome,
        ratio=_ratio(center),
        lower=_ratio(lower),
        upper=_ratio(upper),
        # Wherever an interval of half the threshold lies: it misses the threshold, or it is beyond its half.
        resolvable=_ratio(2 * (upper - lower)) - 1,
        pairs_used=used,
        pairs_wanted=wanted,
        reason=reason,
    )


def _ratio(logarithm: float) -> float:
    return math.exp(min(logarithm, 700.0))  # what is this wide says nothing, but must not overflow
