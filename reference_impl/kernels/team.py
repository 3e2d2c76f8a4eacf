"""Threads that run one compiled function together: who waits for whom, without Python and its lock.

A step of a thousand atoms takes 0.1 ms, and two threads meet twice in it. A lock or a queue of Python costs as
much as the step; here all wait by reading one counter, which costs less than a microsecond while every thread has
a core to itself, and give theirs away when the wait gets long.
"""

from __future__ import annotations

import os
import platform
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from llvmlite import ir
from numba import types

from reference_impl.backends import jit
from reference_impl.vectors.values import intrinsic
from reference_impl.vectors.words import LONG, array_data, call

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["Team", "meet"]

_Result = TypeVar("_Result")

_APART = 8  # int64 of one cache line: counters of different threads do not share one
_PATIENCE = 4_000  # looks at the counter, some 50 µs, before the core is given away
_PAUSE = "llvm.x86.sse2.pause" if platform.machine() in {"x86_64", "AMD64"} else None
_YIELD = "sched_yield" if os.name == "posix" else None


@intrinsic
def _arrive(_typing: Any, counter: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = array_data(context, builder, signature.args[0], arguments[0])
        builder.atomic_rmw("add", data, LONG(1), "seq_cst")
        return context.get_dummy_value()

    return types.void(counter), generate


@intrinsic
def _arrivals(_typing: Any, counter: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = array_data(context, builder, signature.args[0], arguments[0])
        return builder.load_atomic(data, "seq_cst", 8)

    return types.int64(counter), generate


def _calling(name: str | None, result: Any) -> Any:
    @intrinsic
    def calling(_typing: Any) -> Any:
        def generate(context: Any, builder: Any, _signature: Any, _arguments: Any) -> Any:
            if name is not None:
                call(builder, name, returns=result)
            return context.get_dummy_value()

        return types.void(), generate

    return calling


_pause = _calling(_PAUSE, ir.VoidType())
_give_way = _calling(_YIELD, ir.IntType(32))


@jit
def meet(counters: NDArray[np.int64], threads: int, mine: int) -> None:
    """Wait until all ``threads`` are here; what they wrote before is then seen by all.

    ``counters`` are those of :class:`Team`, which every thread passes with its own number ``mine``.
    """
    if threads == 1:
        return
    counters[_APART * (mine + 1)] += 1
    expected = counters[_APART * (mine + 1)] * threads
    _arrive(counters)
    looks = 0
    while _arrivals(counters) < expected:
        looks += 1
        if looks < _PATIENCE:
            _pause()
        else:
            _give_way()


class Team:
    """``threads`` that run a function together, the caller's own among them.

    Attributes
    ----------
    counters : numpy.ndarray
        For :func:`meet`.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.counters = np.zeros(_APART * (threads + 1), np.int64)
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._others = ThreadPoolExecutor(self.threads - 1) if self.threads > 1 else None
        self.counters[:] = 0

    def run(self, function: Callable[..., _Result], *arguments: object) -> list[_Result]:
        """Call ``function(*arguments, number)`` in every thread, numbers from 0; all results.

        The function must not raise: the others would wait for the thread that did. An interrupt comes out when it has
        ended in all threads, once in each if it meets there.
        """
        if self._others is None:
            return [function(*arguments, 0)]
        if self._process != os.getpid():
            self._begin()  # threads are not forked
        met = self.counters[_APART]
        asked, done = set(range(1, self.threads)), set[int]()

        def answer(mine: int) -> _Result | None:
            try:
                asked.remove(mine)
            except KeyError:
                return None
            try:
                return function(*arguments, mine)
            finally:
                done.add(mine)

        try:
            running = [self._others.submit(answer, mine) for mine in range(1, self.threads)]
            return [function(*arguments, 0), *(future.result() for future in running)]  # type: ignore[list-item]
        except BaseException:
            while len(done) < self.threads - 1:  # an interrupt, anywhere above, and here again
                with suppress(KeyboardInterrupt):
                    for mine in tuple(asked):
                        self._others.submit(answer, mine)
                    if self.counters[_APART] == met:
                        function(*arguments, 0)
                    time.sleep(1e-3)
            raise

    def close(self) -> None:
        """End the threads; they also end when nothing refers to the team."""
        if self._others is not None:
            self._others.shutdown()
