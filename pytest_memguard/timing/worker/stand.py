"""Standing inside one benchmark: run slices until told to go on."""

from __future__ import annotations

import contextlib
import gc
import sys
from time import perf_counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .link import Link
    from .work import Work

__all__ = ["Stand"]


class Stand:
    """One benchmark at a time; a slice is a number of batches, each of a number of repetitions."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.is_stopped = False

    def serve(self, work: Work) -> list[float]:
        """Seconds per repetition of every slice that was asked for."""
        slices = []
        gc.collect()
        gc.freeze()  # what lives now is not walked again by the collection before every slice
        self._link.tell("ready")
        try:
            while (order := self._link.hear())["do"] == "slice":
                seconds, wall = _slice(work, batches=order["batches"], size=order["size"])
                mean, fastest = sum(seconds) / len(seconds) / order["size"], min(seconds) / order["size"]
                slices.append(mean)
                self._link.tell("sliced", fastest=fastest, mean=mean, wall=wall)
        finally:
            gc.unfreeze()
        self.is_stopped = order["do"] == "stop"
        return slices


def _slice(work: Work, *, batches: int, size: int) -> tuple[list[float], float]:
    with _quiet():
        start = perf_counter()
        seconds = [work.time(size) for _ in range(batches)]
        return seconds, perf_counter() - start


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
