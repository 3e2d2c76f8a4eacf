"""The rules by which other tools call a slow-down, as pure functions of the seconds measured on either side.

Written from their documentation and behavior, for tables that set them beside ``memguard ab``.
"""

from __future__ import annotations

import math
from statistics import fmean, median, variance
from typing import TYPE_CHECKING

from pytest_memguard.stats import t_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence


def pytest_benchmark_fails(
    base: Sequence[float], head: Sequence[float], *, field: str = "mean", percent: float = 10
) -> bool:
    """``--benchmark-compare-fail=mean:10%`` or ``min:10%``: one number of a run against one number of another."""
    summarize = {"mean": fmean, "min": min, "median": median}[field]
    return summarize(head) / summarize(base) * 100 - 100 > percent


def asv_fails(
    base: Sequence[float], head: Sequence[float], *, factor: float = 1.05, p_threshold: float = 0.002
) -> bool:
    """``asv continuous``: the medians differ by more than ``factor`` and Mann & Whitney's test finds a difference.

    Where so few samples could never be significant asv compares confidence intervals; such samples never fail here.
    """
    if 1 / math.comb(len(base) + len(head), len(base)) >= p_threshold:
        return False
    return median(head) > factor * median(base) and mann_whitney_p(base, head) < p_threshold


def pyperf_is_slower(base: Sequence[float], head: Sequence[float]) -> bool:
    """``pyperf compare_to``: Student's t-test with pooled variance, two-sided at 95 %, on equally many values."""
    if len(base) != len(head):
        raise ValueError(f"got {len(base)} and {len(head)} values, accepted: as many on either side")
    error = math.sqrt((variance(base) + variance(head)) / len(base))
    return fmean(head) - fmean(base) >= t_quantile(0.975, 2 * len(base) - 2) * error > 0


def mann_whitney_p(first: Sequence[float], second: Sequence[float]) -> float:
    """Two-sided p of the rank-sum test by its normal approximation, ties counted half."""
    larger = sum((a > b) + (a == b) / 2 for a in first for b in second)
    n, m = len(first), len(second)
    everything = sorted((*first, *second))
    ties = sum(count**3 - count for count in (everything.count(value) for value in set(everything)))
    scale = math.sqrt(n * m / 12 * (n + m + 1 - ties / ((n + m) * (n + m - 1))))
    if scale == 0:
        return 1.0
    distance = max(0.0, abs(larger - n * m / 2) - 0.5) / scale
    return math.erfc(distance / math.sqrt(2))
