"""The driver's end: one process, what it is told and what it answers."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

from pytest_memguard.timing.processes import Entry, Launch, start
from pytest_memguard.timing.signals import undisturbed

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from pytest_memguard.model.timing import SideName

__all__ = ["Worker", "WorkerGone"]

_LOOK_AFTER_SECONDS = 0.5
_TIDYING_SECONDS = 20.0
_TAIL_LINES = 5


class WorkerGone(Exception):  # noqa: N818 - it reads as what happened
    """A process ended, or hangs, in the middle of a comparison."""

    def __init__(self, side: SideName, reason: str, *, status: int | None) -> None:
        super().__init__(reason)
        self.side, self.reason, self.status = side, reason, status


class Worker:
    """One pytest process of one side. Leaving the ``with`` block ends it, whatever it is doing."""

    def __init__(self, side: SideName, launch: Launch, tree: Path, entry: Entry) -> None:
        self.side = side
        self._log = entry.log
        self._buffer = b""
        their_read, self._write = os.pipe()
        self._read, their_write = os.pipe()
        try:
            self._process = start(launch, tree, entry, fds=(their_read, their_write))
        except BaseException:
            os.close(self._write)
            os.close(self._read)
            raise
        finally:
            os.close(their_read)
            os.close(their_write)

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with undisturbed():
            os.close(self._write)  # a process that waits for orders ends by itself
            if kind is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(_TIDYING_SECONDS)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            os.close(self._read)

    def tell(self, do: str, **facts: Any) -> None:
        with contextlib.suppress(BrokenPipeError):  # why it is gone is found out when it is listened to
            os.write(self._write, json.dumps({"do": do, **facts}).encode() + b"\n")

    def hear(self, timeout_seconds: float) -> dict[str, Any]:
        """The next event.

        Raises
        ------
        WorkerGone
            When there is none.
        """
        deadline = time.monotonic() + timeout_seconds
        while b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0:
                raise WorkerGone(
                    self.side, f"nothing was heard of it for {timeout_seconds:.0f} s", status=None
                )
            # Children of a process that died may hold its pipe open: look after it from time to time.
            has_ended = self._process.poll() is not None
            readable, _, _ = select.select(
                [self._read], [], [], 0 if has_ended else min(left, _LOOK_AFTER_SECONDS)
            )
            chunk = os.read(self._read, 1 << 16) if readable else b""
            self._buffer += chunk
            if not chunk and (readable or has_ended):
                raise self._gone()
        line, _, self._buffer = self._buffer.partition(b"\n")
        event: dict[str, Any] = json.loads(line)
        return event

    def _gone(self) -> WorkerGone:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_TIDYING_SECONDS)
        status = self._process.poll()
        if status is None:
            how = "it closed its pipe"
        elif status < 0:
            how = f"its process was killed by {_signal_name(-status)}"
        else:
            how = f"its process ended with status {status}"
        return WorkerGone(self.side, f"{how}: {self._last_words()}", status=status)

    def _last_words(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        tail = [line.strip() for line in lines if line.strip()][-_TAIL_LINES:]
        # From the error on, where pytest refuses what it was asked for.
        start = next((number for number, line in enumerate(tail) if line.startswith("ERROR: ")), 0)
        return " / ".join(tail[start:]) or "it said nothing"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
