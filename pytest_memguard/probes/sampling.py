"""A thread that looks at a number now and then, where the system keeps no high-water mark."""

from __future__ import annotations

import _thread  # threading.Thread keeps books of its own, and these would be counted as the test's memory
import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Sampler"]

_LARGEST_SHARE = 0.05  # of one core
_LONGEST_WAIT_SECONDS = 0.25
_LEAVING_SECONDS = 0.002  # a thread that has run to its end is counted by the kernel until it is gone


class Sampler:
    """Calls ``look`` every ``interval_seconds`` until stopped, or until ``look`` returns true.

    Python gives a waiting thread its turn within the interpreter's switch interval (5 ms), so a spike shorter than
    that can pass unseen: whoever uses a sampler says so in its reading. A look that itself takes long (the C
    allocator walks all its free chunks for one) is taken less often.
    """

    def __init__(
        self, look: Callable[[], object], *, interval_seconds: float, outlives_fork: bool = True
    ) -> None:
        """``outlives_fork``: go on after a fork, of which Python 3.12 and newer then warn."""
        self._look = look
        self.outlives_fork = outlives_fork
        self._interval_seconds = interval_seconds
        self._is_running = False
        self.start()

    def start(self) -> None:
        """Start, or start again after :meth:`stop`."""
        # Bare locks, released by who tells, and not Events: waiting for them allocates nothing that would be counted.
        self._stopped, self._has_ended = _thread.allocate_lock(), _thread.allocate_lock()
        self._stopped.acquire()
        self._has_ended.acquire()
        self._is_running = True
        _RUNNING.append(self)
        _thread.start_new_thread(self._run, ())

    def _run(self) -> None:
        try:
            self._look_until_stopped()
        finally:
            self._has_ended.release()

    def _look_until_stopped(self) -> None:
        wait_seconds = self._interval_seconds
        while not self._stopped.acquire(timeout=wait_seconds):
            start = time.thread_time()  # not the wall: waiting for the interpreter's lock costs nothing
            if self._look():
                return
            rest_seconds = (time.thread_time() - start) / _LARGEST_SHARE
            wait_seconds = min(max(self._interval_seconds, rest_seconds), _LONGEST_WAIT_SECONDS)

    def stop(self) -> bool:
        """Stop and wait for the thread; whether it was running."""
        was_running, self._is_running = self._is_running, False
        if was_running:
            _RUNNING.remove(self)
            self._stopped.release()
            self._has_ended.acquire()
        return was_running


# A test may fork while it is watched. The thread is gone in the child, a lock that it holds is not, and from Python
# 3.12 on a fork beside another thread is warned of. Hooks of a fork cannot be taken back, so there is one for all.
# Lists, because a set is resized at sizes that depend on addresses: at random that would look like growth.
_RUNNING: list[Sampler] = []
_PAUSED: list[Sampler] = []


def _pause() -> None:
    _PAUSED[:] = [sampler for sampler in tuple(_RUNNING) if sampler.stop()]
    if _PAUSED:
        time.sleep(_LEAVING_SECONDS)


def _resume() -> None:
    while _PAUSED:
        sampler = _PAUSED.pop()
        if sampler.outlives_fork:
            sampler.start()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_pause, after_in_parent=_resume, after_in_child=_PAUSED.clear)
