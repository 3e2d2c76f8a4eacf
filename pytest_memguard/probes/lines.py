"""Memory by source line: what every executed line of the user's own code took and left.

A trace function looks at tracemalloc before every line, so this is for one test at a time, never for a run.
"""

from __future__ import annotations

import sys
import tracemalloc
from dataclasses import dataclass, field
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR
from typing import TYPE_CHECKING, Any

from pytest_memguard.probes.sites import is_library

if TYPE_CHECKING:
    from types import CodeType, FrameType

__all__ = ["LineProfile", "LineTotals"]

_SUSPENDED = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR


@dataclass(slots=True)
class LineTotals:
    """One line over all the times it ran."""

    count: int = 0
    peak_bytes: int = 0  # largest high-water mark above what was allocated when the line began
    growth_bytes: int = 0  # allocated after minus before, summed up


@dataclass(slots=True)
class _Running:
    """A line that has begun and not ended, with the calls it makes."""

    code: CodeType
    line: int
    start_bytes: int
    high_water_bytes: int
    is_resumed: bool = False  # it was counted when it began


@dataclass
class LineProfile:
    """Traces the calling thread between ``start`` and ``stop``; lines by code object, in order of first entry."""

    lines: dict[CodeType, dict[int, LineTotals]] = field(default_factory=dict)
    peak_bytes: int = 0
    _running: list[_Running] = field(default_factory=list)

    def start(self) -> None:
        tracemalloc.start()
        sys.settrace(self._trace)

    def stop(self) -> None:
        sys.settrace(None)
        self._look()
        tracemalloc.stop()

    def _look(self) -> int:
        """Bytes allocated now; the peak since the last look belongs to every line that is running."""
        current_bytes, peak_bytes = tracemalloc.get_traced_memory()
        self.peak_bytes = max(self.peak_bytes, peak_bytes)
        for running in self._running:
            running.high_water_bytes = max(running.high_water_bytes, peak_bytes)
        tracemalloc.reset_peak()
        return current_bytes

    def _trace(self, frame: FrameType, event: str, _: object) -> Any:
        if is_library(frame.f_code.co_filename):
            return None
        current_bytes = self._look()
        code = frame.f_code
        if event == "call":
            is_known = code in self.lines  # or it began before this
            self.lines.setdefault(code, {})
            line = frame.f_lineno if is_known and _is_resumed(frame) else 0
            self._running.append(_Running(code, line, current_bytes, current_bytes, is_resumed=True))
        elif event in ("line", "return") and self._running and self._running[-1].code is code:
            self._end_line(self._running.pop(), current_bytes)
            if event == "line":
                self._running.append(_Running(code, frame.f_lineno, current_bytes, current_bytes))
        return self._trace

    def _end_line(self, ended: _Running, current_bytes: int) -> None:
        if ended.line:  # 0: the call itself, before its first line
            totals = self.lines[ended.code].setdefault(ended.line, LineTotals())
            totals.count += not ended.is_resumed
            totals.peak_bytes = max(totals.peak_bytes, ended.high_water_bytes - ended.start_bytes)
            totals.growth_bytes += current_bytes - ended.start_bytes


def _is_resumed(frame: FrameType) -> bool:
    """Whether this is no call, but a generator or a coroutine that goes on where it was suspended."""
    if not frame.f_code.co_flags & _SUSPENDED:
        return False
    if sys.version_info >= (3, 11):
        return frame.f_code.co_code[frame.f_lasti + 1] & 3 != 0  # what RESUME says of itself, see dis
    return frame.f_lasti >= 0
