"""What pytest collects, asked of a pytest in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_memguard.cli.exit_codes import ExitCode, Failure
from pytest_memguard.cli.pytest_error import first_error

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Collected", "collect"]

_OK, _NONE_SELECTED = 0, 5  # of pytest's exit codes


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """Names of tests and of the files that were collected wholly, as in node ids."""

    nodeids: frozenset[str]
    whole_files: frozenset[str]
    rootdir: Path


def collect(arguments: Sequence[str]) -> Collected:
    """Collect as ``pytest`` with these arguments would.

    Raises
    ------
    Failure
        When pytest reports errors or finds no test at all: from that nobody can tell which tests are gone.
    """
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "collected.json"
        recorder = "pytest_memguard.cli.baseline.recorder"
        done = subprocess.run(
            [sys.executable, "-m", recorder, str(answer), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode not in (_OK, _NONE_SELECTED) or not answer.exists():
            said = first_error(done.stdout, done.stderr)
            raise Failure(
                f"pytest could not collect the tests (exit status {done.returncode}, {said}): "
                "run pytest --collect-only to see why",
                ExitCode.COULD_NOT_RUN,
            )
        content = json.loads(answer.read_text(encoding="utf-8"))
    if not content["nodeids"]:
        raise Failure("pytest collects no tests from here: go to where they are", ExitCode.COULD_NOT_RUN)
    return Collected(
        nodeids=frozenset(content["nodeids"]),
        whole_files=frozenset(content["whole_files"]),
        rootdir=Path(content["rootdir"]),
    )
