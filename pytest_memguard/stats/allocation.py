"""Where the next pairs are measured when time is short: where they settle something."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pytest_memguard.stats.duet import Decision, DuetOutcome

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["next_pairs"]


def next_pairs(
    decisions: Mapping[str, Decision],
    *,
    threshold: float,
    seconds_per_pair: Mapping[str, float],
    budget_seconds: float = math.inf,
) -> dict[str, int]:
    """How many pairs each undecided benchmark gets next, those nearest to a decision first, within the budget.

    A benchmark gets all the pairs up to its next look or none: fewer would decide nothing. One that does not fit gives
    way to cheaper ones behind it. Nothing left to do, or no time to do it, is an empty answer.
    """
    undecided = [name for name, decision in decisions.items() if decision.outcome is DuetOutcome.UNDECIDED]
    granted: dict[str, int] = {}
    for name in sorted(undecided, key=lambda name: (_distance(decisions[name], threshold), name)):
        cost_seconds = decisions[name].pairs_wanted * seconds_per_pair[name]
        if cost_seconds <= budget_seconds:
            granted[name] = decisions[name].pairs_wanted
            budget_seconds -= cost_seconds
    return granted


def _distance(decision: Decision, threshold: float) -> float:
    """By how much of its width the interval misses a verdict; 0 before the first look, which settles most.

    Negative for a slow-down that only fresh pairs are wanted for.
    """
    if math.isnan(decision.ratio):
        return 0.0
    slow = math.log1p(threshold)
    lower, upper = math.log(decision.lower), math.log(decision.upper)
    if upper <= lower:
        return 0.0
    return min(upper - slow, slow / 2 - lower) / (upper - lower)
