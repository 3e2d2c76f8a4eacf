"""Making a tree importable, where that takes more than a checkout."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from typing import TYPE_CHECKING

from pytest_memguard.timing.errors import CouldNotRun
from pytest_memguard.timing.git import without_repository

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_memguard.model.timing import SideName

__all__ = ["build"]

_TAIL_LINES = 3


def build(command: str, tree: Path, side: SideName) -> None:
    """Run a shell command in a tree.

    Raises
    ------
    CouldNotRun
        When it fails.
    """
    process = subprocess.Popen(  # noqa: S602 - a shell command is what was asked for
        command,
        shell=True,
        cwd=tree,
        env=without_repository(os.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        said, _ = process.communicate()
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)  # whatever it has left running
        process.wait()
    if process.returncode:
        lines = said.decode(errors="replace").strip().splitlines()
        raise CouldNotRun(f"{side.value} does not build: {' / '.join(lines[-_TAIL_LINES:]) or command}")
