"""A straight line through points, with the interval of its slope."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_memguard.stats.student import t_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Line", "fit_line"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Least-squares slope with one-sided limits, each at the confidence asked for."""

    slope: float
    lower: float
    upper: float


def fit_line(x: Sequence[float], y: Sequence[float], *, confidence: float) -> Line:
    """Fit ``y = a + slope x``; limits from the residuals with ``len(x) - 2`` degrees of freedom.

    Raises
    ------
    ValueError
        With fewer than three points, or when all ``x`` are equal.
    """
    count = len(x)
    if count < 3 or count != len(y):
        raise ValueError(f"got {count} and {len(y)} points, accepted: at least 3 of each, as many x as y")
    mean_x, mean_y = math.fsum(x) / count, math.fsum(y) / count
    spread = math.fsum((xi - mean_x) ** 2 for xi in x)
    if spread == 0:
        raise ValueError("all points have the same x")
    slope = math.fsum((xi - mean_x) * (yi - mean_y) for xi, yi in zip(x, y, strict=True)) / spread
    residuals = math.fsum((yi - mean_y - slope * (xi - mean_x)) ** 2 for xi, yi in zip(x, y, strict=True))
    margin = t_quantile(confidence, count - 2) * math.sqrt(residuals / (count - 2) / spread)
    return Line(slope=slope, lower=slope - margin, upper=slope + margin)
