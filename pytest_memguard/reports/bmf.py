"""Bencher Metric Format: https://bencher.dev/docs/reference/bencher-metric-format."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_memguard.reports.rows import has_number
from pytest_memguard.reports.text import one_line

if TYPE_CHECKING:
    from pytest_memguard.model import Measurement, Run

__all__ = ["render"]

_LONGEST_BENCHMARK = 1024  # bytes of UTF-8, as the next
_LONGEST_MEASURE = 64


def render(run: Run) -> str:
    """A benchmark per test, a measure such as ``python-peak`` per number, in bytes, ratios and counts."""
    benchmarks = {
        _cut(one_line(result.nodeid), _LONGEST_BENCHMARK): {
            _measure(measurement): {"value": measurement.value}
            for measurement in result.measurements
            if has_number(measurement)
        }
        for result in run.tests
        if any(map(has_number, result.measurements))
    }
    # Numpy's integers are none to the standard library.
    return json.dumps(benchmarks, indent=1, default=float) + "\n"


def _measure(measurement: Measurement) -> str:
    # In the form of Bencher's slugs, so that the name and the slug are one.
    name = f"{measurement.probe}-{measurement.metric}".replace("_", "-").lower()
    return _cut(one_line(name), _LONGEST_MEASURE)


def _cut(name: str, most_bytes: int) -> str:
    """``name`` without its middle where it is too long: the end holds the test's own name and its parameters."""
    encoded, ellipsis = name.encode(), "…"
    if len(encoded) <= most_bytes:
        return name
    room = most_bytes - len(ellipsis.encode())
    head, tail = encoded[: room // 3], encoded[room // 3 - room :]
    return head.decode(errors="ignore") + ellipsis + tail.decode(errors="ignore")
