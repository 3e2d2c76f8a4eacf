"""Numbers in, numbers out: leak growth, duets, intervals, exponents, fragmentation. Pure."""

from __future__ import annotations

from pytest_memguard.stats.allocation import next_pairs
from pytest_memguard.stats.duet import LOOKS, Decision, DuetOutcome, alpha_per_comparison, decide
from pytest_memguard.stats.exponent import Exponent, summarize_exponent, summarize_exponents
from pytest_memguard.stats.fragmentation import external_fragmentation, fragmentation, hit_rate
from pytest_memguard.stats.growth import Growth, Trend, summarize_fixed, summarize_growth
from pytest_memguard.stats.line import Line, fit_line
from pytest_memguard.stats.student import t_quantile
from pytest_memguard.stats.trimmed import Interval

__all__ = [
    "LOOKS",
    "Decision",
    "DuetOutcome",
    "Exponent",
    "Growth",
    "Interval",
    "Line",
    "Trend",
    "alpha_per_comparison",
    "decide",
    "external_fragmentation",
    "fit_line",
    "fragmentation",
    "hit_rate",
    "next_pairs",
    "summarize_exponent",
    "summarize_exponents",
    "summarize_fixed",
    "summarize_growth",
    "t_quantile",
]
