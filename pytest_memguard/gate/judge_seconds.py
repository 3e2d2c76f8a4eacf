"""One measured time against its budget and its committed baseline."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_memguard.model import Measurement, Verdict
from pytest_memguard.units import format_seconds

__all__ = ["COARSE_RATIO", "TimeLimits", "is_beyond_baseline", "judge_seconds", "slowest_ratio"]

COARSE_RATIO = 0.5  # a committed number alone can carry no finer gate: processes differ by 8 to 23 %
PROVISIONAL_RATIO = 1.0  # of a lone process nobody knows how unlucky it was
_BANDS = 3


def slowest_ratio(band: float | None, *, accepted: float = 1.0, regression: float | None = None) -> float:
    """How many times the committed time still passes, from how far apart its processes were.

    Never less than a time can be off by chance, whatever ``regression`` asks for; ``accepted`` is the ratio of a
    slow-down that was meant.
    """
    by_chance = PROVISIONAL_RATIO if band is None else max(COARSE_RATIO, _BANDS * band)
    return (1 + max(by_chance, regression or 0.0)) * accepted


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLimits:
    """What one time is held against; ``None`` is not at all."""

    max_seconds: float | None = None
    baseline_seconds: float | None = None
    slowest_ratio: float = 1 + COARSE_RATIO


def judge_seconds(seconds: float, limits: TimeLimits, *, note: str = "") -> Measurement:
    """The verdict over ``seconds`` per call. One beyond the baseline's bound fails until it is confirmed or not."""
    verdict, reasons = Verdict.PASS, []
    if limits.max_seconds is not None and seconds > limits.max_seconds:
        verdict = Verdict.FAIL
        reasons.append(_sentence(seconds, "budget", limits.max_seconds))
    if is_beyond_baseline(seconds, limits):
        assert limits.baseline_seconds is not None
        verdict = Verdict.FAIL
        allowed = f"allowed {(limits.slowest_ratio - 1) * 100:+.0f} %"
        reasons.append(f"{_sentence(seconds, 'baseline', limits.baseline_seconds)}, {allowed}")
    return Measurement(
        probe="time",
        metric="seconds",
        value=seconds,
        unit="s",
        budget=limits.max_seconds,
        baseline=limits.baseline_seconds,
        verdict=verdict,
        reason="; ".join([*reasons, note] if note else reasons),
    )


def is_beyond_baseline(seconds: float, limits: TimeLimits) -> bool:
    """Whether the time is further from the committed one than chance explains."""
    baseline = limits.baseline_seconds
    return baseline is not None and seconds > baseline * limits.slowest_ratio


def _sentence(seconds: float, what: str, bound: float) -> str:
    excess = f"{(seconds / bound - 1) * 100:+.1f} %"
    return f"time {format_seconds(seconds)} per call, {what} {format_seconds(bound)} ({excess})"
