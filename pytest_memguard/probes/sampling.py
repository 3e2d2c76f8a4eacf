"""A thread that looks at a number now and then, where the system keeps no high-water mark."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Sampler"]

_LARGEST_SHARE = 0.05  # of one core
_LONGEST_WAIT_SECONDS = 0.25


class Sampler:
    """Calls ``look`` every ``interval_seconds`` until stopped, or until ``look`` returns true.

    Python gives a waiting thread its turn within the interpreter's switch interval (5 ms), so a spike shorter than
    that can pass unseen: whoever uses a sampler says so in its reading. A look that itself takes long (the C
    allocator walks all its free chunks for one) is taken less often.
    """

    def __init__(self, look: Callable[[], object], *, interval_seconds: float) -> None:
        self._look = look
        self._interval_seconds = interval_seconds
        # A bare lock and not an Event: waiting for it allocates nothing that a window could count.
        self._running = threading.Lock()
        self._running.acquire()
        self._thread = threading.Thread(target=self._run, name="memguard-sampler", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        wait_seconds = self._interval_seconds
        while not self._running.acquire(timeout=wait_seconds):
            start = time.thread_time()  # not the wall: waiting for the interpreter's lock costs nothing
            if self._look():
                return
            rest_seconds = (time.thread_time() - start) / _LARGEST_SHARE
            wait_seconds = min(max(self._interval_seconds, rest_seconds), _LONGEST_WAIT_SECONDS)

    def stop(self) -> None:
        """Stop and wait for the thread."""
        self._running.release()
        self._thread.join()
