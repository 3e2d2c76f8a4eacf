"""The trimmed mean and its t-limits: a center that a few wild values cannot move.

Yuen, *The two-sample trimmed t for unequal population variances*, Biometrika 61 (1974) 165, for one sample
(Tukey & McLaughlin, Sankhya A 25 (1963) 331): the spread comes from the Winsorized sample, which counts the values
cut off as if they stood at the edge, because dropping them alone would make the rest look better than it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_memguard.stats.student import t_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Interval", "TrimmedMean", "median", "summarize_trimmed"]

# The same few levels and degrees of freedom are asked for at every look of every benchmark.
_t_quantile = lru_cache(maxsize=1024)(t_quantile)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A center and its limits, in the unit of the values."""

    center: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrimmedMean:
    """What is left of a sample: enough to set limits at any level."""

    center: float
    standard_error: float
    degrees_of_freedom: int

    def interval(self, *, lower_alpha: float, upper_alpha: float) -> Interval:
        """Two one-sided limits: the truth is below ``lower`` with ``lower_alpha``, above ``upper`` likewise."""
        below = _t_quantile(1 - lower_alpha, self.degrees_of_freedom) * self.standard_error
        above = _t_quantile(1 - upper_alpha, self.degrees_of_freedom) * self.standard_error
        return Interval(center=self.center, lower=self.center - below, upper=self.center + above)


def summarize_trimmed(values: Sequence[float], *, trim: float = 0.2) -> TrimmedMean:
    """Drop the share ``trim`` of the values (rounded down, but one where any is asked for) at either end.

    Two values must be left. The standard error is that of Yuen's t with ``left - 1`` degrees of freedom.
    """
    if not 0 <= trim < 0.5:
        raise ValueError(f"got trim {trim!r}, accepted: 0 <= trim < 0.5")
    count = len(values)
    cut = max(1, int(trim * count)) if trim else 0
    left = count - 2 * cut
    if left < 2:
        raise ValueError(f"got {count} values, accepted: at least {2 * cut + 2} with trim {trim!r}")
    ordered = sorted(values)
    kept = ordered[cut : count - cut]
    winsorized = [kept[0]] * cut + kept + [kept[-1]] * cut
    mean = math.fsum(winsorized) / count
    squares = math.fsum((value - mean) ** 2 for value in winsorized)
    return TrimmedMean(
        center=math.fsum(kept) / left,
        standard_error=math.sqrt(squares / (left * (left - 1))),
        degrees_of_freedom=left - 1,
    )


def median(values: Sequence[float]) -> float:
    """The middle value; ``statistics`` has one too, but importing it takes longer than all of this package."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
