"""Runs to compare, and a command to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from click.testing import CliRunner

from pytest_memguard.cli import main
from pytest_memguard.model import METRICS, Environment, Measurement, Run, TestResult, Verdict
from pytest_memguard.store import run_file

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

MiB = 2**20


def measured(metric="peak", value=40 * MiB, *, probe="python", **more) -> Measurement:
    return Measurement(probe=probe, metric=metric, value=value, unit=METRICS[metric].unit, **more)


def result(nodeid="t.py::t", *measurements: Measurement, verdict=Verdict.PASS, **more) -> TestResult:
    return TestResult(
        nodeid=nodeid,
        file=nodeid.partition("::")[0],
        line=3,
        verdict=verdict,
        measurements=measurements,
        **more,
    )


def run_of(*tests: TestResult, packages=None, machine_class="m", **more) -> Run:
    environment = Environment(
        machine_class=machine_class, python="3.11.7", platform="linux", packages=packages or {}
    )
    return Run(environment=environment, tests=tests, **more)


def saved(folder: Path, name: str, run: Run) -> str:
    run_file.save(run, folder / name)
    return str(folder / name)


def memguard(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])
