"""A command in a session of its own, of which nothing is left."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from typing import TYPE_CHECKING

from pytest_memguard.timing.git import without_repository

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["run_alone"]


def run_alone(
    command: str | Sequence[str], folder: Path, *, environment: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """The exit status, and all that was said; a text is for a shell. What it has started ends with it, or with us."""
    process = subprocess.Popen(
        command,
        shell=isinstance(command, str),
        cwd=folder,
        env=without_repository(os.environ if environment is None else environment),
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
    return process.returncode, said.decode(errors="replace")
