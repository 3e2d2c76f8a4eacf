"""The worker's end of the pipe: one JSON object a line."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

__all__ = ["Link"]

_DRIVER_IS_GONE = 70


class Link:
    """Tells the driver what happened and hears what to do next."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        for fd in (read_fd, write_fd):
            os.set_inheritable(fd, False)
        self._from = os.fdopen(read_fd, encoding="utf-8")
        self._to = os.fdopen(write_fd, "w", encoding="utf-8", errors="backslashreplace")
        self._pid = os.getpid()
        self._is_lost = False

    def tell(self, event: str, **facts: Any) -> None:
        if os.getpid() != self._pid:  # a process that the test forked
            return
        try:
            self._to.write(json.dumps({"event": event, **facts}) + "\n")
            self._to.flush()
        except OSError:
            self._lost()

    def hear(self) -> dict[str, Any]:
        line = self._from.readline()
        if not line:
            self._lost()
        order: dict[str, Any] = json.loads(line)
        return order

    def _lost(self) -> None:
        """Tear the fixtures down; where somebody catches that, end at once."""
        if self._is_lost:
            os._exit(_DRIVER_IS_GONE)
        self._is_lost = True
        pytest.exit("the driver of this process is gone", returncode=_DRIVER_IS_GONE)
