"""The numbers of one test, judged."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from msgspec import structs

from pytest_memguard.gate import Limits, judge
from pytest_memguard.model import METRICS, Measurement, Verdict
from pytest_memguard.session.limits import allowed_bytes
from pytest_memguard.stats import Growth, Trend, external_fragmentation, fragmentation, hit_rate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_memguard.model import Reading
    from pytest_memguard.session.measuring import Guarded, ProbeWindows

__all__ = ["measurements", "never_called", "unjudged"]


def unjudged(probe: str, metric: str, limits: Limits, verdict: Verdict, reason: str) -> Measurement:
    """A measurement without a number, and why."""
    return Measurement(
        probe=probe,
        metric=metric,
        value=None,
        unit=METRICS[metric].unit,
        budget=None if limits.limit == "baseline" else limits.limit,
        baseline=limits.baseline,
        verdict=verdict,
        reason=reason,
    )


def never_called(guarded: Guarded) -> Iterator[Measurement]:
    """Every number of a test whose own body was never reached."""
    for metric, limits in guarded.limits.items():
        reason = f"{metric}: the test ended before the call that would have been measured"
        yield unjudged(guarded.probe.name, metric, limits, Verdict.NOT_MEASURED, reason)


def _judge(
    guarded: Guarded, metric: str, value: float | None, limits: Limits, *, note: str = ""
) -> Measurement:
    """The gate's verdict; while baselines are updated, a number that was measured is right."""
    judged = judge(guarded.probe.name, metric, value, limits, note=note)
    if guarded.is_updating and limits.limit == "baseline" and value is not None:
        return structs.replace(judged, verdict=Verdict.PASS, reason=note)
    if value is not None and (no_verdict := getattr(guarded.probe, "no_verdict", "")):
        return structs.replace(judged, verdict=Verdict.INCONCLUSIVE, reason=f"{metric}: {no_verdict}")
    return judged


def measurements(
    windows: ProbeWindows, calls: int, growth: Growth | None, *, has_failed: bool
) -> Iterator[Measurement]:
    """Every number of one probe. ``growth`` is ``None`` after a single call; ``has_failed``: the test itself did."""
    reading = windows.last
    assert reading is not None, "the call has not ended"
    leak = None
    if "leak" in windows.guarded.limits and not reading.broken:
        leak = _leak(windows, reading, growth, has_failed=has_failed)
    windows.close()
    for metric, limits in windows.guarded.limits.items():
        if reading.broken:
            yield unjudged(reading.probe, metric, limits, Verdict.INCONCLUSIVE, f"{metric}: {reading.broken}")
        elif leak is not None and metric == "leak":
            yield leak
        else:
            value = _value(metric, windows, reading, calls)
            note = "; ".join(windows.notes) if metric == "peak" else ""
            judged = _judge(windows.guarded, metric, value, limits, note=note)
            yield structs.replace(judged, sites=windows.peak_sites if metric == "peak" else ())


def _value(metric: str, windows: ProbeWindows, reading: Reading, calls: int) -> float | None:
    if metric == "peak":
        return windows.peak_bytes
    if metric == "fragmentation":
        return fragmentation(reading)
    if metric == "external_fragmentation":
        return external_fragmentation(reading.after)
    if metric == "hit_rate":
        return hit_rate(reading.before, reading.after)
    if reading.before.allocations is None or reading.after.allocations is None:
        return None
    return -(-(reading.after.allocations - reading.before.allocations) // calls)  # per call, rounded up


def _leak(windows: ProbeWindows, reading: Reading, growth: Growth | None, *, has_failed: bool) -> Measurement:
    limits, probe = windows.guarded.limits["leak"], reading.probe
    if has_failed:
        reason = "leak: the test failed, and its traceback holds its variables"
        return unjudged(probe, "leak", limits, Verdict.NOT_MEASURED, reason)
    if growth is None:
        return _leak_of_single_call(windows, reading, limits)
    per_call = max(0, round(growth.bytes_per_call))
    note = f"{growth.trend.value} over {growth.calls} calls"
    if growth.trend is Trend.UNCLEAR:
        question = unjudged(probe, "leak", limits, Verdict.INCONCLUSIVE, f"leak: {note}")
        return structs.replace(question, value=per_call)
    if growth.trend is Trend.STEADY:
        per_call = windows.explained_bytes(per_call, growth.calls)
        # The floor is the noise over all calls together, as the trend has counted it already.
        floor = limits.floor / growth.calls
        judged = _judge(windows.guarded, "leak", per_call, replace(limits, floor=floor), note=note)
        return _with_evidence(windows, judged)
    # What did not grow call after call is no leak, even where readings that jitter ended higher than they began.
    is_noise = growth.trend is Trend.FADED or per_call > (allowed_bytes(limits) or 0)
    return _judge(windows.guarded, "leak", 0 if is_noise else per_call, limits, note=note)


def _leak_of_single_call(windows: ProbeWindows, reading: Reading, limits: Limits) -> Measurement:
    retained: int | None = reading.retained_bytes
    floor = windows.single_call_floor_bytes
    if retained is not None and retained > windows.allowed_leak_bytes:
        retained = windows.settled_bytes()
        if retained > windows.allowed_leak_bytes:
            floor += windows.coarseness_bytes()
    limits = replace(limits, floor=floor)
    return _with_evidence(windows, _judge(windows.guarded, "leak", retained, limits))


def _with_evidence(windows: ProbeWindows, judged: Measurement) -> Measurement:
    """A leak that failed, with what else the probe knows of it."""
    if judged.verdict is not Verdict.FAIL:
        return judged
    reason = "; ".join(filter(None, (judged.reason, windows.leak_evidence())))
    return structs.replace(judged, reason=reason, sites=windows.leak_sites())
