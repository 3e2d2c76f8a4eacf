"""Input of github-action-benchmark's tool ``customSmallerIsBetter``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_memguard.reports.rows import has_number, is_minimum
from pytest_memguard.reports.text import one_line

if TYPE_CHECKING:
    from pytest_memguard.model import Run

__all__ = ["render"]


def render(run: Run) -> str:
    """One entry per number that is better when smaller: a hit rate has no place in such a chart."""
    entries = [
        {
            "name": one_line(f"{result.nodeid} [{measurement.probe} {measurement.metric}]"),
            "unit": measurement.unit,
            "value": measurement.value,
        }
        for result in run.tests
        for measurement in result.measurements
        if has_number(measurement) and not is_minimum(measurement)
    ]
    # Numpy's integers are none to the standard library.
    return json.dumps(entries, indent=1, default=float) + "\n"
