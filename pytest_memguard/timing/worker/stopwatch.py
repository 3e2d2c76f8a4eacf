"""Seconds that a thread had a core or slept, without those in which others had it.

On a busy machine a call of a few milliseconds rarely goes through without the core being taken away. The kernel counts
how long a thread stood in the queue for one (``Documentation/scheduler/sched-stats.rst``); where it does not, these are
seconds of a clock on the wall.
"""

from __future__ import annotations

import os
from time import perf_counter

__all__ = ["Stopwatch"]

_CALM_SECONDS = 50e-6  # a look at the queue takes about one microsecond
_TRIES = 20


class Stopwatch:
    """``start``, something, ``stop``; for the thread that made it."""

    def __init__(self) -> None:
        self._fd: int | None = None
        self._waited = self._started = 0.0
        try:
            self._fd = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
            self._look()
        except (OSError, ValueError, IndexError):
            self.close()

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _look(self) -> float:
        """Seconds in the queue so far."""
        assert self._fd is not None
        return int(os.pread(self._fd, 64, 0).split()[1]) * 1e-9

    def start(self) -> None:
        if self._fd is not None:
            # Taken away between the two looks, the wait would be taken off what is timed.
            for _ in range(_TRIES):
                before = perf_counter()
                self._waited = self._look()
                if perf_counter() - before < _CALM_SECONDS:
                    break
        self._started = perf_counter()

    def stop(self) -> float:
        now = perf_counter()
        seconds = now - self._started
        if self._fd is None:
            return seconds
        waited = self._look() - self._waited
        is_calm = perf_counter() - now < _CALM_SECONDS
        return seconds - waited if is_calm and 0 <= waited < seconds else seconds
