"""How a cost grows with size: the exponent of a power law."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_memguard.stats.line import fit_line

__all__ = ["Exponent", "summarize_exponent"]

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
