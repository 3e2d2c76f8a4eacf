"""A second opinion where there is no commit to compare with: the fastest of a few fresh processes."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
import time
from pathlib import Path

from pytest_memguard.model import Verdict
from pytest_memguard.store import run_file
from pytest_memguard.store.errors import StoreError
from pytest_memguard.timing.alone import run_alone
from pytest_memguard.units import format_seconds

__all__ = ["opinion_of_processes"]

_MORE_PROCESSES = (
    4  # with that of the run five: processes differ by chance, and their fastest is what is committed
)


def opinion_of_processes(
    nodeid: str, rootdir: Path, *, bound_seconds: float, left_seconds: float
) -> tuple[Verdict, str]:
    """A verdict over a benchmark that took longer than ``bound_seconds``, with its reason."""
    deadline = time.monotonic() + left_seconds
    found: list[float] = []
    while len(found) < _MORE_PROCESSES and time.monotonic() < deadline:
        seconds = _seconds(nodeid, rootdir)
        if seconds is None:
            break
        if seconds <= bound_seconds:
            return Verdict.PASS, f"another process took {format_seconds(seconds)}: the machine was slower"
        found.append(seconds)
    if not found:
        return Verdict.FAIL, "no other process could time it, to confirm that"
    return Verdict.FAIL, f"the fastest of {len(found)} more took {format_seconds(min(found))}"


def _seconds(nodeid: str, rootdir: Path) -> float | None:
    """Per call in a process of its own; ``None`` where the test does not get that far alone."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "times.json"
        command = [sys.executable, "-m", "pytest", "--no-memguard", "-q", "-p", "no:cacheprovider"]
        command += ["--no-cov"] if importlib.util.find_spec("pytest_cov") else []
        run_alone([*command, f"--benchmark-json={path}", nodeid], rootdir)
        try:
            tests = run_file.load(path).tests
        except StoreError:
            return None
    return next((test.measurements[0].value for test in tests if test.nodeid == nodeid), None)
