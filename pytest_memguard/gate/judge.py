"""One measured number against its limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pytest_memguard.gate.tolerance import tolerance_of
from pytest_memguard.model import METRICS, Measurement, Verdict
from pytest_memguard.units import format_value

__all__ = ["Limits", "judge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one number is held against.

    ``limit`` is in the metric's unit or ``"baseline"``, ``None`` where the number is only shown. ``baseline`` is the
    committed number, where there is one. ``floor`` is what the probe itself cannot resolve.
    """

    limit: float | Literal["baseline"] | None = None
    baseline: float | None = None
    floor: float = 0


def judge(
    probe: str, metric: str, value: float | None, limits: Limits, *, note: str = "", source: str = ""
) -> Measurement:
    """The verdict over ``value``, with its reason in one sentence.

    ``note`` says how the number came about (e.g. ``"over 10 calls"``) and closes the sentence. ``source`` is what
    the number is of, where that is more than a probe.
    """
    source = source or f"probe {probe}"
    unit, is_minimum = METRICS[metric].unit, METRICS[metric].is_minimum
    verdict, reason = Verdict.PASS, ""
    bound: float | None = None
    if limits.limit is None:
        pass
    elif value is None:
        verdict, reason = Verdict.UNAVAILABLE, f"{metric}: the probe {probe} cannot tell it here"
    elif limits.limit == "baseline":
        verdict, reason, bound = _against_baseline(source, metric, value, limits.baseline)
    else:
        bound = limits.limit
        if value < bound if is_minimum else value > bound + limits.floor:
            verdict = Verdict.FAIL
            reason = _sentence(source, metric, value, f"budget {format_value(bound, unit)}", bound)
    if note:
        reason = f"{reason} ({note})" if reason else note
    return Measurement(
        probe=probe,
        metric=metric,
        value=value,
        unit=unit,
        budget=None if limits.limit == "baseline" else limits.limit,
        baseline=limits.baseline,
        verdict=verdict,
        reason=reason,
    )


def _against_baseline(
    source: str, metric: str, value: float, baseline: float | None
) -> tuple[Verdict, str, float | None]:
    if baseline is None:
        reason = f"{metric} has no committed baseline: commit one with pytest --memguard --memguard-update"
        return Verdict.INCONCLUSIVE, reason, None
    unit = METRICS[metric].unit
    tolerance = tolerance_of(metric)
    highest = tolerance.highest(baseline, unit)
    if value > highest:
        allowed = f"baseline {format_value(baseline, unit)}"
        return Verdict.FAIL, _sentence(source, metric, value, allowed, baseline), highest
    if value < tolerance.lowest(baseline, unit):
        reason = f"{metric} is below its baseline {format_value(baseline, unit)}: --memguard-update lowers it"
        return Verdict.PASS, reason, highest
    return Verdict.PASS, "", highest


def _sentence(source: str, metric: str, value: float, allowed: str, bound: float) -> str:
    """``peak 40.0 MiB, budget 39.0 MiB (+2.6 %), probe python``."""
    unit = METRICS[metric].unit
    # Rounded to one decimal, 40.04 and 39.96 MiB print alike: then the bytes tell them apart.
    shown = format_value(value, unit)
    if unit == "B" and shown in allowed:
        shown, allowed = f"{value:,.0f} B", f"{allowed.partition(' ')[0]} {bound:,.0f} B"
    excess = f" ({(value / bound - 1) * 100:+.1f} %)" if bound else ""
    per_call = " per call" if metric == "leak" else ""
    return f"{metric.replace('_', ' ')} {shown}{per_call}, {allowed}{excess}, {source}"
