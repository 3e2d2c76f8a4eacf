"""The line of a test at which its memory first rose above the budget.

A thread cannot see a block that lives for less than Python's switch interval, so from Python 3.12 on the interpreter
reports each line of the test's own body (and of nothing else: ``sys.monitoring`` watches single code objects). Before
3.12 there is only ``sys.settrace``, which is no substitute: at each call of any function it puts the locals into a
dictionary, which keeps alive what the function drops and so changes the very peak that is measured. There the line of
the test itself must do.
"""

from __future__ import annotations

import linecache
import sys
import tracemalloc
from typing import TYPE_CHECKING, Any

from pytest_memguard.model import Site

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

__all__ = ["LineWatch"]

_TOOL_NAME = "memguard"
_TOOL_IDS = (3, 4)  # those that sys.monitoring leaves to nobody in particular
_MOST_LINES = 20_000  # then the test loops, and does so long enough for the watching thread
# None before Python 3.12
_MONITORING: Any = getattr(sys, "monitoring", None)


class LineWatch:
    """Notes the line during which the traced peak first exceeded ``limit_bytes``.

    ``hold`` is called once, at the first line at whose start more than that is alive.
    """

    def __init__(self, code: CodeType, limit_bytes: int, hold: Callable[[], object]) -> None:
        self._code = code
        self._limit_bytes = limit_bytes
        self._hold = hold
        self._tool_id: int | None = None
        self._lines_left = _MOST_LINES
        self._last_line: int | None = None
        self._crossing_line: int | None = None

    def start(self) -> None:
        """Watch from here on, where this interpreter can and no other tool is in the way."""
        if _MONITORING is None:
            return
        free = (number for number in _TOOL_IDS if _MONITORING.get_tool(number) is None)
        self._tool_id = next(free, None)
        if self._tool_id is None:
            return
        line = _MONITORING.events.LINE
        _MONITORING.use_tool_id(self._tool_id, _TOOL_NAME)
        _MONITORING.register_callback(self._tool_id, line, self._at_line)
        _MONITORING.set_local_events(self._tool_id, self._code, line)

    def _at_line(self, _code: CodeType, line: int) -> None:
        """``line`` is about to run: what has happened since the last look was the line before."""
        current_bytes, peak_bytes = tracemalloc.get_traced_memory()
        if peak_bytes > self._limit_bytes and self._crossing_line is None:
            self._crossing_line = self._last_line
            if current_bytes > self._limit_bytes:
                self._hold()
        self._last_line = line
        self._lines_left -= 1
        if not self._lines_left or self._crossing_line is not None:
            _MONITORING.set_local_events(self._tool_id, self._code, 0)

    def stop(self) -> None:
        if self._tool_id is None:
            return
        _MONITORING.set_local_events(self._tool_id, self._code, 0)
        _MONITORING.register_callback(self._tool_id, _MONITORING.events.LINE, None)
        _MONITORING.free_tool_id(self._tool_id)
        self._tool_id = None

    def site(self, peak_bytes: int) -> Site:
        """The line, or where the body begins. Call it only when the limit was exceeded."""
        # Without a look since the last line noted, it was that one; after too many lines nobody knows.
        line = self._crossing_line or (self._last_line if self._lines_left else None)
        file, first = self._code.co_filename, self._code.co_firstlineno
        text = linecache.getline(file, line).strip() if line else f"somewhere in {self._code.co_name}"
        return Site(file=file, line=line or first, bytes=peak_bytes, blocks=0, text=text)
