"""``memguard doctor``: what can be measured here, and does a leak get caught."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pytest_memguard.cli.exit_codes import ExitCode, Failure
from pytest_memguard.cli.files import load_run
from pytest_memguard.cli.pytest_error import first_error
from pytest_memguard.cli.terminal import print_line, print_table, progress
from pytest_memguard.model import Verdict
from pytest_memguard.units import format_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_memguard.model import TestResult

__all__ = ["command"]

_TIMEOUT_SECONDS = 120

# A leak for every probe that may be judged here, a peak, and one test that must not be red.
_CANARY = """
import ctypes, mmap
import pytest

KEPT = []

@pytest.mark.memory_budget(leak="0 B", probe="python")
def test_leaks_python():
    KEPT.append(bytearray(100_000))

@pytest.mark.memory_budget(leak="0 B", probe="heap")
def test_leaks_heap():
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    KEPT.append(libc.malloc(1_000_000))

@pytest.mark.memory_budget(leak="0 B", probe="rss")
def test_leaks_rss():
    pages = mmap.mmap(-1, 4 * 2**20)
    pages.write(b"x" * len(pages))
    KEPT.append(pages)

@pytest.mark.memory_budget(peak="1 MiB", probe="python")
def test_peaks_python():
    bytearray(8_000_000)

@pytest.mark.memory_budget(leak="0 B", probe="python", rounds=5)
def test_is_clean():
    sorted(range(10_000))
"""
_KNOWN_BYTES = {
    "test_leaks_python": 100_000,
    "test_leaks_heap": 1_000_000,
    "test_leaks_rss": 4 * 2**20,
    "test_peaks_python": 8_000_000,
}


@click.command(name="doctor")
@click.option("--timing", is_flag=True, help="Also time unchanged and slower code against itself: minutes.")
def command(*, timing: bool) -> int:
    """Check every probe against a known allocation, and that a test which leaks on purpose is caught."""
    print_line(f"Python {platform.python_version()} on {platform.platform()}")
    complaints = _check_probes()
    with progress("running the canary"):
        results = _run_canary()
    print_line("")
    troubles = list(_troubles(results, complaints))
    for name, result in results.items():
        print_line(f"canary {name}: {result.verdict.value}{_reason(result)}")
    if timing:
        from pytest_memguard.cli.selftest import check_timing  # noqa: PLC0415 - asked for

        troubles += check_timing()
    if troubles:
        raise Failure("; ".join(troubles), ExitCode.COULD_NOT_RUN)
    print_line(
        "memguard works here: what leaks or peaks was caught with its size, and what does not leak passed",
        {"green": True},
    )
    return ExitCode.IN_ORDER


def _check_probes() -> dict[str, str | None]:
    from pytest_memguard.probes import BUILT_IN, make_probe  # noqa: PLC0415
    from pytest_memguard.probes.calibration import complaint_about  # noqa: PLC0415

    complaints = {name: complaint_about(make_probe(name)) for name in BUILT_IN}
    rows = [
        (name, "unavailable" if reason else "reads right", reason or "")
        for name, reason in complaints.items()
    ]
    print_table(("probe", "state", "why"), rows, colors=["yellow" if row[2] else "green" for row in rows])
    return complaints


def _run_canary() -> dict[str, TestResult]:
    """Results by name of the test."""
    with tempfile.TemporaryDirectory(prefix="memguard-doctor-") as folder:
        test, run = Path(folder, "test_canary.py"), Path(folder, "run.json")
        test.write_text(_CANARY, encoding="utf-8")
        Path(folder, "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "pytest",
            "--memguard",
            f"--memguard-report=json:{run}",
            "-q",
            str(test),
        ]
        command += ["-p", "no:cacheprovider"]
        # Its failures are meant: they belong into no job summary.
        environment = {**os.environ, "GITHUB_ACTIONS": "", "PYTEST_ADDOPTS": ""}
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=_TIMEOUT_SECONDS,
                check=False,
                env=environment,
            )
        except subprocess.TimeoutExpired:
            raise Failure(
                f"the canary did not end within {_TIMEOUT_SECONDS} s", ExitCode.COULD_NOT_RUN
            ) from None
        if not run.exists():
            said = first_error(done.stdout, done.stderr)
            raise Failure(f"the canary did not run: {said or 'no output'}", ExitCode.COULD_NOT_RUN)
        return {result.nodeid.partition("::")[2]: result for result in load_run(run).tests}


def _troubles(results: dict[str, TestResult], complaints: dict[str, str | None]) -> list[str]:
    expected = {
        name: Verdict.UNAVAILABLE if complaints.get(name.rpartition("_")[2]) else Verdict.FAIL
        for name in _KNOWN_BYTES
    }
    if Verdict.FAIL not in expected.values():
        return ["no probe can be used here, so that no leak would be caught"]
    troubles = []
    for name, verdict in {**expected, "test_is_clean": Verdict.PASS}.items():
        found = results[name].verdict if name in results else None
        if found is not verdict:
            troubles.append(
                f"{name} came to {found.value if found else 'nothing'}, expected: {verdict.value}"
            )
        elif verdict is Verdict.FAIL:
            troubles += _size_trouble(name, results[name])
    return troubles


def _size_trouble(name: str, result: TestResult) -> Iterator[str]:
    """Red alone proves little: the bytes must be those of the canary, give or take what the allocator rounds up."""
    known_bytes = _KNOWN_BYTES[name]
    found_bytes = max((m.value or 0 for m in result.measurements), default=0)
    if not 0.75 * known_bytes <= found_bytes <= 2 * known_bytes:
        yield f"{name} found {format_bytes(found_bytes)}, expected: {format_bytes(known_bytes)}"


def _reason(result: TestResult) -> str:
    return "".join(f" ({m.reason})" for m in result.measurements if m.reason)
