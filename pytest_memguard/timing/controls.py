"""Negative controls: kernels that are the same on both sides must come out the same."""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING

from pytest_memguard.model.timing import ControlTiming
from pytest_memguard.stats.heaps import pair_limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["judge_controls", "off_sentence"]

_FEWEST = 5  # pairs
_ALPHA = 0.005  # of a false complaint in a run, which takes the verdicts of all its benchmarks


def judge_controls(controls: Mapping[str, Sequence[float]], threshold: float) -> Iterator[ControlTiming]:
    """Off is what differs by more than half the threshold, either way, and not by the noise of the pairs."""
    half = math.log1p(threshold) / 2
    level = _ALPHA / (2 * max(1, len(controls)))
    for name, log_ratios in controls.items():
        if not log_ratios:
            continue
        center, is_off = median(log_ratios), False
        if len(log_ratios) >= _FEWEST:
            limits = pair_limits(log_ratios, lower_alpha=level, upper_alpha=level).interval
            center = limits.center
            is_off = abs(center) > half and not limits.lower <= 0 <= limits.upper
        yield ControlTiming(name=name, ratio=math.exp(center), is_off=is_off, pair_ratios=tuple(log_ratios))


def off_sentence(control: ControlTiming) -> str:
    return (
        f"the control {control.name!r}, the same code on both sides, differs by {100 * (control.ratio - 1):+.1f} %: "
        "this machine cannot tell now"
    )
