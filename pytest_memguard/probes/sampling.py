"""A thread that looks at a number now and then, where the system keeps no high-water mark."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Sampler"]


class Sampler:
    """Calls ``look`` every ``interval_seconds`` until stopped, or until ``look`` returns true.

    Python gives a waiting thread its turn within the interpreter's switch interval (5 ms), so a spike shorter than
    that can pass unseen: whoever uses a sampler says so in its reading.
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
        while not self._running.acquire(timeout=self._interval_seconds):
            if self._look():
                return

    def stop(self) -> None:
        """Stop and wait for the thread."""
        self._running.release()
        self._thread.join()
