"""Numbers in, numbers out: leak growth, intervals, exponents, fragmentation. Pure."""

from __future__ import annotations

from pytest_memguard.stats.exponent import Exponent, summarize_exponent, summarize_exponents
from pytest_memguard.stats.fragmentation import external_fragmentation, fragmentation, hit_rate
from pytest_memguard.stats.growth import Growth, Trend, summarize_fixed, summarize_growth
from pytest_memguard.stats.line import Line, fit_line
from pytest_memguard.stats.student import t_quantile

__all__ = [
    "Exponent",
    "Growth",
    "Line",
    "Trend",
    "external_fragmentation",
    "fit_line",
    "fragmentation",
    "hit_rate",
    "summarize_exponent",
    "summarize_exponents",
    "summarize_fixed",
    "summarize_growth",
    "t_quantile",
]
