"""Times as a file of pytest-benchmark, for what reads those: its own ``compare``, github-action-benchmark, Bencher."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from pytest_memguard.reports.rows import has_number
from pytest_memguard.reports.text import one_line

if TYPE_CHECKING:
    from pytest_memguard.model import Environment, Run

__all__ = ["render"]


def render(run: Run) -> str:
    """A benchmark per test that has a time, of one round: a run keeps one number of each."""
    benchmarks = [
        _benchmark(one_line(result.nodeid), float(measurement.value))
        for result in run.tests
        for measurement in result.measurements
        if (measurement.probe, measurement.metric) == ("time", "seconds")
        and measurement.value is not None
        and has_number(measurement)
    ]
    content = {**_header(run.environment), "benchmarks": benchmarks}
    return json.dumps(content, indent=1) + "\n"


def _header(environment: Environment) -> dict[str, Any]:
    system = one_line(environment.platform).partition("-")[0]
    return {
        "machine_info": {
            "machine": one_line(environment.machine_class),
            "python_version": one_line(environment.python),
            "system": system,
        },
        "commit_info": {"id": environment.commit and one_line(environment.commit)},
    }


def _benchmark(nodeid: str, seconds: float) -> dict[str, Any]:
    ops = 1 / seconds if seconds else 0.0
    times = dict.fromkeys(
        ("min", "max", "mean", "median", "q1", "q3", "ld15iqr", "hd15iqr", "total"), seconds
    )
    stats = {
        **times,
        **dict.fromkeys(("stddev", "iqr", "iqr_outliers", "stddev_outliers"), 0),
        "outliers": "0;0",
        "ops": ops if math.isfinite(ops) else 0.0,
        "rounds": 1,
        "iterations": 1,
    }
    test, bracket, parameters = nodeid.partition("[")  # these may hold colons
    name = test.rpartition("::")[2] + bracket + parameters
    unknown = dict.fromkeys(("group", "params", "param"))
    return {**unknown, "name": name, "fullname": nodeid, "extra_info": {}, "options": {}, "stats": stats}
