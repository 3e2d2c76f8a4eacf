"""A command in a session of its own, of which nothing is left."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from pytest_memguard.timing.git import without_repository

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["run_alone"]

# A driver that is killed has no chance to end its command: where the kernel sees to that, it is asked to (prctl(2)).
# Before the command, and not between fork and exec: a driver may have threads.
_ENDING_WITH_US = """
import os, sys
try:
    import ctypes
    ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL
except (ImportError, OSError, AttributeError):
    pass
os.execvp(sys.argv[1], sys.argv[1:])
"""


def run_alone(
    command: str | Sequence[str], folder: Path, *, environment: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """The exit status, and all that was said; a text is for a shell. What it has started ends with it, or with us."""
    words = ["/bin/sh", "-c", command] if isinstance(command, str) else command
    process = subprocess.Popen(
        [sys.executable, "-ISc", _ENDING_WITH_US, *words] if sys.platform == "linux" else words,
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
            if sys.platform == "win32":  # which has no groups of processes
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)  # whatever it has left running
        process.wait()
    return process.returncode, said.decode(errors="replace")
