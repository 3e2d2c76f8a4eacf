"""How numbers just measured and committed ones become the next baselines."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, TypeAlias

from pytest_memguard.gate import tolerance_of
from pytest_memguard.model import MEMORY_METRICS, METRICS, Measurement, Run, TestResult, Verdict
from pytest_memguard.store.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from pytest_memguard.store.entries import Entries, Entry, Number

__all__ = ["Numbers", "merged", "numbers_of", "why_left_out"]

# nodeid -> probe -> metric -> number; None is a number that was asked for and could not be measured
Numbers: TypeAlias = Mapping[str, Mapping[str, Mapping[str, "Number | None"]]]


def numbers_of(
    run: Run, metrics: Collection[str] = MEMORY_METRICS
) -> dict[str, dict[str, dict[str, Number | None]]]:
    """What a run has for the baselines of its guarded tests; those that failed, or have no number, are left out."""
    numbers: dict[str, dict[str, dict[str, Number | None]]] = {}
    for result in run.tests:
        has_numbers = any(measurement.value is not None for measurement in result.measurements)
        if not result.guarded or why_left_out(result) or not has_numbers:
            continue
        entry = numbers[result.nodeid] = {}
        for measurement in result.measurements:
            if measurement.metric not in metrics:
                continue
            probe = entry.setdefault(measurement.probe, {})
            if measurement.verdict in (Verdict.UNAVAILABLE, Verdict.NOT_MEASURED):
                # A machine without a GPU says nothing about the numbers of one that has it.
                probe.update(dict.fromkeys(set(metrics) - probe.keys()))
            else:
                probe[measurement.metric] = measurement.value if _is_news(measurement) else None
    return numbers


def why_left_out(result: TestResult) -> str:
    """How a test failed, otherwise than by its baselines: its numbers are none. Empty for any other test."""
    if result.failed:
        return "the test failed"
    broken = [m for m in result.measurements if m.verdict is Verdict.FAIL and m.budget is not None]
    return (broken[0].reason or "it broke its budget") if broken else ""


def merged(old: Entries, changed: Numbers, removed: Iterable[str]) -> Entries:
    """The next baselines: of tests that ran the new entries, of all others but those removed the old ones.

    Raises
    ------
    StoreError
        When a number cannot be a baseline.
    """
    gone = set(removed)
    kept = {nodeid: entry for nodeid, entry in old.items() if nodeid not in gone}
    new = {nodeid: _entry(nodeid, old.get(nodeid, {}), probes) for nodeid, probes in changed.items()}
    return {nodeid: entry for nodeid, entry in {**kept, **new}.items() if entry}


def _is_news(measurement: Measurement) -> bool:
    """Whether the value may replace the committed one."""
    value, old, unit = measurement.value, measurement.baseline, measurement.unit
    if measurement.verdict is Verdict.INCONCLUSIVE and measurement.budget is not None:
        return False  # what may be above its own budget is nothing to hold the next run against
    if value is None or old is None:
        return value is not None
    if measurement.verdict is Verdict.INCONCLUSIVE:
        return False
    # While the old one still agrees it stays, so that the file only changes where a test did.
    tolerance = tolerance_of(measurement.metric)
    return not tolerance.lowest(old, unit) <= value <= tolerance.highest(old, unit)


def _entry(nodeid: str, old: Entry, probes: Mapping[str, Mapping[str, Number | None]]) -> Entry:
    entry = {}
    for probe, metrics in probes.items():
        committed = old.get(probe, {})
        numbers = {
            metric: committed.get(metric) if number is None else _rounded(f"{nodeid} {probe}", metric, number)
            for metric, number in metrics.items()
        }
        if known := {metric: number for metric, number in numbers.items() if number is not None}:
            entry[probe] = known
    return entry


def _rounded(place: str, metric: str, number: Any) -> Number:  # numpy's numbers register as Real and Integral
    is_number = isinstance(number, Real) and not isinstance(number, bool)
    if is_number and metric == "leak":
        number = max(number, 0)  # a test that released more than it took leaks nothing
    if not is_number or not 0 <= number < math.inf:
        raise StoreError(f"{place} {metric}: got {number!r}, accepted: a number >= 0")
    known = METRICS.get(metric)
    if isinstance(number, Integral) or (known and known.unit != "ratio"):
        whole: int = math.ceil(number)
        return whole
    return float(f"{number:.4g}")  # more digits would only differ from run to run
