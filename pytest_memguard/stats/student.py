"""Quantiles of Student's t distribution, so that judging needs no SciPy."""

from __future__ import annotations

import math

__all__ = ["t_quantile"]


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """Regularized incomplete beta function by Lentz's continued fraction (Numerical Recipes, 6.4)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(b, a, 1 - x)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    fraction, c, d = 1.0, 1.0, 0.0
    for index in range(300):
        m = index // 2
        if index == 0:
            numerator = 1.0
        elif index % 2 == 0:
            numerator = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        else:
            numerator = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 + numerator * d
        d = 1 / (d if abs(d) > 1e-30 else 1e-30)
        c = 1 + numerator / (c if abs(c) > 1e-30 else 1e-30)
        fraction *= c * d
        if abs(1 - c * d) < 1e-12:
            break
    return math.exp(log_front) / a * (fraction - 1)


def t_quantile(probability: float, degrees_of_freedom: float) -> float:
    """The value that a t-distributed variable stays below with ``probability`` (0.5 < probability < 1)."""
    if not 0.5 < probability < 1:
        raise ValueError(f"got probability {probability!r}, accepted: 0.5 < probability < 1")
    if degrees_of_freedom <= 0:
        raise ValueError(f"got {degrees_of_freedom!r} degrees of freedom, accepted: more than 0")
    low, high = 0.0, 1.0
    tail = 2 * (1 - probability)

    def two_sided_tail(t: float) -> float:
        x = degrees_of_freedom / (degrees_of_freedom + t * t)
        return _incomplete_beta(degrees_of_freedom / 2, 0.5, x)

    while two_sided_tail(high) > tail:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if two_sided_tail(middle) > tail else (low, middle)
    return (low + high) / 2
