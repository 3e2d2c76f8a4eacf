"""How a cost grows with size: the exponent of a power law."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_memguard.stats.line import fit_line
from pytest_memguard.stats.student import t_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Exponent", "summarize_exponent", "summarize_exponents"]

_CONFIDENCE = 0.975  # each side: together a 95 % interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Exponent:
    """``cost ~ size ** value`` with its 95 % interval."""

    value: float
    lower: float
    upper: float


def summarize_exponent(sizes: Sequence[float], costs: Sequence[float]) -> Exponent:
    """Slope of log cost over log size.

    Raises
    ------
    ValueError
        With fewer than three different sizes, or a size or cost that is not above zero.
    """
    if len(set(sizes)) < 3:
        raise ValueError(f"got {len(set(sizes))} different sizes, accepted: at least 3")
    if min(*sizes, *costs) <= 0:
        raise ValueError("sizes and costs must be above zero to have a logarithm")
    line = fit_line([math.log(s) for s in sizes], [math.log(c) for c in costs], confidence=_CONFIDENCE)
    return Exponent(value=line.slope, lower=line.lower, upper=line.upper)


def summarize_exponents(sizes: Sequence[float], rounds: Sequence[Sequence[float]]) -> Exponent:
    """The mean of the exponents of several independent rounds of costs, with the interval of their scatter.

    Unlike the residuals of a single fit, the scatter does not widen where the cost is no pure power of the size.
    """
    values = [summarize_exponent(sizes, costs).value for costs in rounds]
    if len(values) < 2:
        raise ValueError(f"got {len(values)} rounds, accepted: at least 2")
    mean = math.fsum(values) / len(values)
    variance = math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
    margin = t_quantile(_CONFIDENCE, len(values) - 1) * math.sqrt(variance / len(values))
    return Exponent(value=mean, lower=mean - margin, upper=mean + margin)
