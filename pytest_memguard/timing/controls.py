"""Negative controls: kernels that are the same on both sides must come out the same."""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING

from pytest_memguard.model.timing import ControlTiming
from pytest_memguard.stats.trimmed import summarize_trimmed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["judge_controls", "off_sentence"]

_FEWEST_FOR_A_TRIMMED_MEAN = 5
_ALPHA = 0.05


def judge_controls(controls: Mapping[str, Sequence[float]], threshold: float) -> Iterator[ControlTiming]:
    """Off is what differs by more than half the threshold, either way, and not by the noise of few pairs."""
    half = math.log1p(threshold) / 2
    for name, log_ratios in controls.items():
        if not log_ratios:
            continue
        center, is_off = median(log_ratios), False
        if len(log_ratios) >= _FEWEST_FOR_A_TRIMMED_MEAN:
            limits = summarize_trimmed(log_ratios).interval(lower_alpha=_ALPHA, upper_alpha=_ALPHA)
            center = limits.center
            is_off = abs(center) > half and not limits.lower <= 0 <= limits.upper
        yield ControlTiming(name=name, ratio=math.exp(center), is_off=is_off, pair_ratios=tuple(log_ratios))


def off_sentence(control: ControlTiming) -> str:
    return (
        f"the control {control.name!r}, the same code on both sides, differs by {100 * (control.ratio - 1):+.1f} %: "
        "this machine cannot tell now"
    )
