"""Some tasks at once, each in a thread: for compiled functions, which do not hold the interpreter's lock."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["run_at_once"]


def run_at_once(tasks: Sequence[Callable[[], None]]) -> None:
    """Run every task in a thread of its own, the first in this one, and wait for all.

    The threads stay for the next call: to start one takes as long as a million additions. A task must not run tasks.
    """
    others = [_threads(len(tasks) - 1).submit(task) for task in tasks[1:]]
    try:
        tasks[0]()
    finally:
        for other in others:
            other.result()


@lru_cache(maxsize=8)
def _threads(count: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(count, thread_name_prefix="at_once")


if hasattr(os, "register_at_fork"):  # threads are not forked
    os.register_at_fork(after_in_child=_threads.cache_clear)
