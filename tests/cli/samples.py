"""Runs to compare, and a command to run."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING

from click.testing import CliRunner

from pytest_memguard.cli import main
from pytest_memguard.model import METRICS, Environment, Measurement, Run, TestResult, Verdict
from pytest_memguard.store import run_file

if TYPE_CHECKING:
    from pathlib import Path

    from click import Command
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


def invoke(command: Command, *arguments: object) -> Result:
    """Run a command, its two outputs apart: from click 8.2 on they always are, before it has to be asked for."""
    is_old = "mix_stderr" in signature(CliRunner).parameters
    runner = CliRunner(mix_stderr=False) if is_old else CliRunner()
    return runner.invoke(command, [str(argument) for argument in arguments])


def memguard(*arguments: object) -> Result:
    return invoke(main, *arguments)
