"""One row per measurement: what every report shows, gravest and tightest first."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_memguard.model import METRICS, Measurement, TestResult, Verdict
from pytest_memguard.units import format_value

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["GRAVEST_FIRST", "HEADER", "Row", "rows_of"]

GRAVEST_FIRST = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.UNAVAILABLE, Verdict.NOT_MEASURED, Verdict.PASS)
HEADER = ("test", "probe", "metric", "measured", "budget", "head-room", "verdict")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measurement of one test."""

    result: TestResult
    measurement: Measurement

    @property
    def head_room(self) -> float | None:
        """Budget minus measured as a share of the budget; ``None`` without a budget to take a share of."""
        value, limit = self.measurement.value, _limit(self.measurement)
        if value is None or not limit or not math.isfinite(value) or not math.isfinite(limit):
            return None
        share = (limit - value) / limit
        return -share if _is_minimum(self.measurement) else share

    @property
    def cells(self) -> tuple[str, ...]:
        """The row for people, one text for each of :data:`HEADER`; no verdict where it passes."""
        measurement, verdict = self.measurement, self.measurement.verdict
        return (
            self.result.nodeid,
            measurement.probe,
            measurement.metric,
            format_value(measurement.value, measurement.unit),
            _limit_text(measurement),
            "-" if self.head_room is None else f"{100 * self.head_room:.1f} %",
            "" if verdict is Verdict.PASS else verdict.value.replace("_", " "),
        )

    @property
    def tightness(self) -> float:
        """Head-room to sort by: an exceeded budget of zero comes first, what has no budget last."""
        if self.head_room is not None:
            return self.head_room
        return -math.inf if self.measurement.verdict is Verdict.FAIL else math.inf


def rows_of(tests: Iterable[TestResult]) -> list[Row]:
    """Every measurement of ``tests`` that has a number or failed, in the order of attention it deserves."""
    rows = [
        Row(result=result, measurement=measurement)
        for result in tests
        for measurement in result.measurements
        # Without a number there is only the reason, and reasons have their own list.
        if measurement.value is not None or measurement.verdict is Verdict.FAIL
    ]
    return sorted(rows, key=_attention)


def _attention(row: Row) -> tuple[object, ...]:
    measurement = row.measurement
    return (
        GRAVEST_FIRST.index(measurement.verdict),
        row.tightness,
        not row.result.guarded,
        -(measurement.value or 0),
        row.result.nodeid,
        measurement.probe,
        measurement.metric,
    )


def _is_minimum(measurement: Measurement) -> bool:
    metric = METRICS.get(measurement.metric)
    return metric is not None and metric.is_minimum


def _limit(measurement: Measurement) -> int | float | None:
    return measurement.baseline if measurement.budget is None else measurement.budget


def _limit_text(measurement: Measurement) -> str:
    """The budget, or the baseline with the tolerance that makes it one: ``39.0 MiB +5 %``."""
    budget, baseline, unit = measurement.budget, measurement.baseline, measurement.unit
    if budget is None and baseline is None:
        return "-"
    bound = ">= " if _is_minimum(measurement) else ""
    if baseline is None:
        return bound + format_value(budget, unit)
    text = bound + format_value(baseline, unit)
    if budget is None or budget == baseline:
        return text
    sign = "+" if budget > baseline else "-"
    if baseline == 0:
        return f"{text} {sign}{format_value(abs(budget), unit)}"
    return f"{text} {sign}{100 * abs(budget / baseline - 1):.3g} %"
