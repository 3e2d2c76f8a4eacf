"""The time of one test, held against its marker and what is committed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import structs

from pytest_memguard.gate.judge_seconds import TimeLimits, is_beyond_baseline, judge_seconds, slowest_ratio
from pytest_memguard.model import Measurement, Verdict
from pytest_memguard.session.timing_confirmation import Suspicion
from pytest_memguard.units import format_seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_memguard.model.timing_baseline import TimingBaselines, TimingEntry
    from pytest_memguard.session.time_budget import TimeBudget

__all__ = ["Judged", "Subject", "judge_time", "no_time"]

_REGRESSION = 0.05  # what a duet looks for, where the marker does not say


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One benchmark as it was found."""

    nodeid: str
    machine: str
    today: str  # ISO 8601 date
    code: str
    budget: TimeBudget | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A measurement, whether it was held against anything, and what the end of the run has to tell of it."""

    measurement: Measurement
    is_guarded: bool
    remark: str = ""  # "stale", ...: what could not be compared, and why


def no_time(subject: Subject, baselines: TimingBaselines, reason: str) -> Judged:
    """A benchmark that was not timed: never green without a word where it has something to be held against."""
    entry = baselines.get(subject.machine, subject.nodeid)
    measurement = Measurement(
        probe="time",
        metric="seconds",
        value=None,
        unit="s",
        budget=subject.budget.max_seconds if subject.budget else None,
        baseline=entry.seconds if entry else None,
        verdict=Verdict.NOT_MEASURED,
        reason=f"time: {reason}",
    )
    return Judged(measurement=measurement, is_guarded=subject.budget is not None or entry is not None)


def judge_time(
    subject: Subject,
    seconds: float,
    baselines: TimingBaselines,
    confirm: Callable[[Suspicion], tuple[Verdict, str] | None],
) -> Judged:
    """``confirm`` gives a second opinion, or ``None`` where it cannot be asked for."""
    budget, entry = subject.budget, baselines.get(subject.machine, subject.nodeid)
    max_seconds = budget.max_seconds if budget else None
    regression = budget.regression if budget else None
    if entry is None or entry.code != subject.code:
        measurement = judge_seconds(seconds, TimeLimits(max_seconds=max_seconds))
        remark = _remark(subject, entry, baselines)
        if not remark and (max_seconds is None or regression is not None):
            reason = "time has no committed baseline: commit one with pytest --memguard --memguard-update"
            if measurement.verdict is Verdict.PASS:
                measurement = structs.replace(measurement, verdict=Verdict.INCONCLUSIVE, reason=reason)
        elif remark:
            measurement = structs.replace(
                measurement, reason="; ".join(filter(None, (measurement.reason, remark)))
            )
        return Judged(measurement=measurement, is_guarded=budget is not None, remark=remark)
    accepted, note = _accepted(subject, entry, baselines)
    limits = TimeLimits(
        max_seconds=max_seconds,
        baseline_seconds=entry.seconds,
        slowest_ratio=slowest_ratio(entry.band, accepted=accepted, regression=regression),
    )
    measurement = judge_seconds(seconds, limits, note=note)
    if is_beyond_baseline(seconds, limits) and (max_seconds is None or seconds <= max_seconds):
        opinion = confirm(
            Suspicion(
                nodeid=subject.nodeid,
                commit=entry.commit,
                threshold=(1 + (regression or _REGRESSION)) * accepted - 1,
                bound_seconds=entry.seconds * limits.slowest_ratio,
                reason=measurement.reason,
            )
        )
        if opinion is not None:
            measurement = structs.replace(measurement, verdict=opinion[0], reason=opinion[1])
    return Judged(measurement=measurement, is_guarded=True, remark=note if "expired" in note else "")


def _remark(subject: Subject, entry: TimingEntry | None, baselines: TimingBaselines) -> str:
    if entry is not None:
        return f"stale: the benchmark's code has changed since {format_seconds(entry.seconds)} was committed"
    elsewhere = baselines.elsewhere(subject.machine, subject.nodeid)
    if elsewhere:
        times = ", ".join(sorted(format_seconds(each.seconds) for each in elsewhere.values()))
        return f"committed for another class of machine alone ({times}): shown, not judged"
    return ""


def _accepted(subject: Subject, entry: TimingEntry, baselines: TimingBaselines) -> tuple[float, str]:
    """The ratio of the slow-down that was meant, and what to say about it."""
    acceptance = baselines.accepted.get(subject.nodeid)
    if acceptance is None or entry.date > acceptance.date:
        return 1.0, ""
    said = f"{acceptance.ratio:g}x: {acceptance.reason}"
    if acceptance.has_expired(subject.today):
        return 1.0, f"the accepted slow-down ({said}) expired on {acceptance.expires}"
    return acceptance.ratio, f"accepted slow-down {said}"
