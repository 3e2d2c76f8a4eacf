"""One row per measurement: what every report shows, gravest and tightest first."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_memguard.gate import tolerance_of
from pytest_memguard.model import METRICS, Measurement, TestResult, Verdict
from pytest_memguard.units import format_value

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["GRAVEST_FIRST", "HEADER", "Row", "has_number", "is_minimum", "rows_of", "words"]

GRAVEST_FIRST = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.UNAVAILABLE, Verdict.NOT_MEASURED, Verdict.PASS)
HEADER = ("test", "probe", "metric", "measured", "budget", "head-room", "verdict")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measurement of one test."""

    result: TestResult
    measurement: Measurement

    @property
    def limit(self) -> float | None:
        """The value from which on the test fails: the budget, or as far from the baseline as is tolerated."""
        measurement = self.measurement
        if measurement.budget is not None or measurement.baseline is None:
            return measurement.budget
        if measurement.metric not in METRICS:  # timings: how far they may be off is not known from one number
            return measurement.baseline
        tolerance = tolerance_of(measurement.metric)
        tolerated = tolerance.lowest if is_minimum(measurement) else tolerance.highest
        return tolerated(measurement.baseline, measurement.unit)

    @property
    def head_room(self) -> float | None:
        """Limit minus measured as a share of the limit; ``None`` without one to take a share of.

        Bytes that pass are not above it by more than the probe can tell.
        """
        value, limit = self.measurement.value, self.limit
        if value is None or not limit or not math.isfinite(value) or not math.isfinite(limit):
            return None
        share = (limit - value) / limit
        if is_minimum(self.measurement):
            return -share
        is_noise = self.measurement.unit == "B" and self.measurement.verdict is Verdict.PASS
        return max(share, 0.0) if is_noise else share

    @property
    def cells(self) -> tuple[str, ...]:
        """The row for people, one text for each of :data:`HEADER`; no verdict where it passes."""
        measurement, verdict = self.measurement, self.measurement.verdict
        return (
            self.result.nodeid,
            measurement.probe,
            measurement.metric,
            _number_text(measurement.value, measurement.unit),
            _limit_text(self),
            "-" if self.head_room is None else f"{100 * self.head_room:.1f} %",
            "" if verdict is Verdict.PASS else words(verdict),
        )

    @property
    def tightness(self) -> float:
        """Head-room to sort by: an exceeded budget of zero comes first, what has no budget last."""
        if self.head_room is not None:
            return self.head_room
        return -math.inf if self.measurement.verdict is Verdict.FAIL else math.inf


def rows_of(tests: Iterable[TestResult], *, numbers_only: bool = True) -> list[Row]:
    """Every measurement of ``tests``, in the order of attention it deserves.

    Without a number there is only a reason: such rows are left out unless they failed, or all are wanted.
    """
    rows = [
        Row(result=result, measurement=measurement)
        for result in tests
        for measurement in (result.measurements or _not_even_tried(result))
        if measurement.value is not None or measurement.verdict is Verdict.FAIL or not numbers_only
    ]
    return sorted(rows, key=_attention)


def has_number(measurement: Measurement) -> bool:
    """Whether there is a value that JSON can hold."""
    return measurement.value is not None and math.isfinite(measurement.value)


def words(verdict: Verdict) -> str:
    """A verdict for people."""
    return verdict.value.replace("_", " ")


def is_minimum(measurement: Measurement) -> bool:
    """Whether more is better."""
    metric = METRICS.get(measurement.metric)
    return metric is not None and metric.is_minimum


def _attention(row: Row) -> tuple[object, ...]:
    measurement = row.measurement
    return (
        GRAVEST_FIRST.index(measurement.verdict),
        row.tightness,
        not row.result.guarded,
        -(measurement.value or 0) if has_number(measurement) else 0,
        row.result.nodeid,
        measurement.probe,
        measurement.metric,
    )


def _not_even_tried(result: TestResult) -> tuple[Measurement, ...]:
    nothing = Measurement(
        probe="-", metric="-", value=None, unit="", verdict=result.verdict, reason=result.reason
    )
    return (nothing,)


def _limit_text(row: Row) -> str:
    """The budget, or the baseline with its tolerance: ``39.0 MiB +802.7 KiB``."""
    measurement, limit = row.measurement, row.limit
    if limit is None:
        return "-"
    bound = ">= " if is_minimum(measurement) else ""
    if measurement.budget is not None or measurement.baseline is None:
        return bound + _number_text(limit, measurement.unit)
    text = bound + _number_text(measurement.baseline, measurement.unit)
    if limit == measurement.baseline:
        return text
    sign = "+" if limit > measurement.baseline else "-"
    return f"{text} {sign}{_number_text(abs(limit - measurement.baseline), measurement.unit)}"


def _number_text(number: float | None, unit: str) -> str:
    # A probe of a plugin may hand over what no unit can be printed for.
    return format_value(number, unit) if number is None or math.isfinite(number) else str(number)
