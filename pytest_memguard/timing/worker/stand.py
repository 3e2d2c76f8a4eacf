"""Standing inside one benchmark: run slices until told to go on."""

from __future__ import annotations

import contextlib
import gc
import sys
from typing import TYPE_CHECKING, Any

from .stopwatch import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .link import Link
    from .work import Work

__all__ = ["Stand"]


class Stand:
    """One benchmark at a time; a slice is a number of batches, each of a number of repetitions."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._watch, self._whole = Stopwatch(), Stopwatch()

    def ignore_waits(self) -> None:
        """No looks at the queue for a core, which are repeated until the machine is calm: instructions are counted."""
        self._watch.close()
        self._whole.close()

    def serve(self, work: Work) -> list[float]:
        """Seconds per repetition of every slice that was asked for."""
        slices = []
        gc.collect()
        gc.freeze()  # what lives now is not walked again by the collection before every slice
        self._link.tell("ready")
        try:
            while (order := self._link.hear())["do"] == "slice":
                seconds, wall = self._slice(work, batches=order["batches"], size=order["size"])
                mean, fastest = sum(seconds) / len(seconds) / order["size"], min(seconds) / order["size"]
                slices.append(mean)
                self._link.tell("sliced", fastest=fastest, mean=mean, wall=wall)
        finally:
            gc.unfreeze()
        return slices

    def _slice(self, work: Work, *, batches: int, size: int) -> tuple[list[float], float]:
        with _quiet():
            self._whole.start()
            seconds = [work.time(size, self._watch) for _ in range(batches)]
            return seconds, self._whole.stop()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """No garbage collection, no tracer and no profiler."""
    tracer: Any = sys.gettrace()
    profiler: Any = sys.getprofile()
    was_enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    sys.settrace(None)
    sys.setprofile(None)
    try:
        yield
    finally:
        sys.setprofile(profiler)
        sys.settrace(tracer)
        if was_enabled:
            gc.enable()
