"""Some tasks at once, each in a thread: for compiled functions, which do not hold the interpreter's lock."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor, wait
from functools import lru_cache
from typing import TYPE_CHECKING

from reference_impl.whole import whole

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["checked_threads", "run_at_once"]


def checked_threads(threads: int) -> int:
    """
    Raises
    ------
    ValueError
        When it is no whole number from 1 on.
    """
    count = whole(threads, "threads")
    if count < 1:
        raise ValueError(f"got threads={count}, allowed: whole numbers from 1 on")
    return count


def run_at_once(tasks: Sequence[Callable[[], None]]) -> None:
    """Run every task in a thread of its own, the first in this one, and wait for all.

    The threads stay for the next call: to start them costs what two save on a list of 10,000 atoms. A task must not
    run tasks. Of several errors the first task's comes out, once all have ended.
    """
    others = [_threads(len(tasks) - 1).submit(task) for task in tasks[1:]]
    try:
        tasks[0]()
    finally:
        wait(others)
    for other in others:
        other.result()


@lru_cache(maxsize=8)
def _threads(count: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(count, thread_name_prefix="at_once")


if hasattr(os, "register_at_fork"):  # threads are not forked
    os.register_at_fork(after_in_child=_threads.cache_clear)
