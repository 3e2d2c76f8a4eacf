"""Python's allocators through tracemalloc, which runs only while a window is open.

Sees every allocation of Python objects and NumPy data, to the byte and with its source line. Does not see native
memory that a C extension takes straight from malloc or mmap.
"""

from __future__ import annotations

import sys
import tracemalloc
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from pytest_memguard.model import Counters, Reading, Site, WindowPlan
from pytest_memguard.probes import allowances
from pytest_memguard.probes.crossing import LineWatch
from pytest_memguard.probes.heap import unseen
from pytest_memguard.probes.marks import MarkStack
from pytest_memguard.probes.net import NetMemory
from pytest_memguard.probes.sampling import Sampler
from pytest_memguard.probes.sites import Held, group_by_line, held_by_stack
from pytest_memguard.probes.tracing import stop_tracing

if TYPE_CHECKING:
    from tracemalloc import Snapshot

__all__ = ["PythonProbe"]

# Enough to tell the test's own line from the library it called. Every frame is walked at every allocation and its line
# looked up in a table, so that 24 of them made a suspected leak take eleven times as long as one, 3 take twice as long.
_FRAMES = 3
_WATCHER_SECONDS = 0.0005


class PythonProbe:
    name = "python"
    # A first call resizes dictionaries of the interpreter and of the runner, whose lines nothing tells apart. Before
    # Python 3.11 every function also kept the frame of one of its calls.
    noise_floor_bytes, first_call_floor_bytes = (
        (512, 2048) if sys.version_info >= (3, 11) else (4096, 24 * 1024)
    )

    def __init__(self) -> None:
        self.open_windows: MarkStack[_PythonWindow] = MarkStack()
        self._is_tracing_ours = False

    def unavailable(self) -> str | None:
        if sys.implementation.name != "cpython":
            return f"tracemalloc does not trace {sys.implementation.name}"
        return None

    def counters(self) -> Counters:
        """Nothing while nobody traces: to start tracing would slow down what is looked at."""
        is_tracing = tracemalloc.is_tracing()
        return Counters(allocated_bytes=tracemalloc.get_traced_memory()[0] if is_tracing else None)

    def look(self) -> int:
        """Traced bytes now; the peak since the last look is handed to every open window."""
        current_bytes, peak_bytes = tracemalloc.get_traced_memory()
        self.open_windows.hand_out(peak_bytes)
        if tracemalloc.is_tracing():  # reset_peak() is harmless otherwise, but says nothing
            tracemalloc.reset_peak()
        return current_bytes

    def open(self, plan: WindowPlan) -> _PythonWindow:
        window = _PythonWindow(self, plan)
        is_first = not tracemalloc.is_tracing()
        if is_first:
            wants_sites = plan.wants_leak or plan.peak_limit_bytes is not None
            tracemalloc.start(_FRAMES if wants_sites else 1)
            self._is_tracing_ours = True
        window.begin(is_first=is_first)
        return window

    def stop_if_last(self) -> None:
        """Leave tracemalloc as it was found once no window is open."""
        if self._is_tracing_ours and not self.open_windows:
            self._is_tracing_ours = False
            stop_tracing()


class _PythonWindow:
    def __init__(self, probe: PythonProbe, plan: WindowPlan) -> None:
        self._probe = probe
        self._plan = plan
        self._closed: Reading | None = None
        self._crossing: Snapshot | None = None
        self._lines: LineWatch | None = None
        self._older: Snapshot | None = None
        self._kept: list[Held] | None = None  # as of the last look at what is retained
        self._sentinel = bytearray()
        self._before_bytes = 0
        self.high_water_bytes = 0
        self._marked_peak_bytes: int | None = (
            None  # at the end of the call: what comes later is no peak of the test
        )
        self._modules = len(sys.modules)
        self._output = None
        self._net: NetMemory | None = None
        if plan.wants_leak:
            self._output = allowances.CapturedOutput()
            allowances.clear_caches()  # what a cache needs to be emptied is allocated now, and not in the window
            if not tracemalloc.is_tracing():
                self._net = NetMemory()
        # The thread starts before the tracing does, so that its own memory is not traced.
        limited = plan.peak_limit_bytes is not None
        self._watcher = (
            Sampler(self._watch, interval_seconds=_WATCHER_SECONDS, outlives_fork=False) if limited else None
        )

    def begin(self, *, is_first: bool) -> None:
        """Start counting. Tracing that begins with this window (``is_first``) holds nothing older."""
        if self._plan.wants_leak and not is_first:
            self._older = tracemalloc.take_snapshot()
        self._sentinel = bytearray(32)  # its trace is gone when somebody clears the traces under us
        self._before_bytes = self._probe.look()  # hands the peak so far to the outer windows, not to this one
        self._probe.open_windows.push(self)
        if self._plan.code is not None and self._plan.peak_limit_bytes is not None:
            limit_bytes = self._before_bytes + self._plan.peak_limit_bytes
            self._lines = LineWatch(self._plan.code, limit_bytes, self._watch)
            self._lines.start()

    def _watch(self) -> bool:
        """Take the stacks of what is alive the moment the budget is crossed; true ends the watch."""
        limit_bytes = self._plan.peak_limit_bytes
        if not self._before_bytes or limit_bytes is None:
            return False
        if tracemalloc.get_traced_memory()[0] - self._before_bytes <= limit_bytes:
            return False
        if self._crossing is None:
            with suppress(RuntimeError):  # the test itself stopped the tracing
                self._crossing = tracemalloc.take_snapshot()
        return True

    def mark(self) -> Reading:
        if self._closed:
            return self._closed
        current_bytes = self._probe.look()
        broken = ""
        if tracemalloc.get_object_traceback(self._sentinel) is None:
            broken = "the test itself stopped tracemalloc or cleared its traces"
        reading = Reading(
            probe=self._probe.name,
            before=Counters(allocated_bytes=self._before_bytes),
            after=Counters(allocated_bytes=current_bytes),
            high_water_allocated_bytes=max(self.high_water_bytes, self._before_bytes),
            broken=broken,
        )
        if self._marked_peak_bytes is None:
            self._marked_peak_bytes = reading.peak_bytes
        return reading

    def settle(self) -> int:
        allowances.clear_caches()
        return self._output.growth_bytes() if self._output else 0

    def retained_by(self, *, is_single_call: bool, is_final: bool) -> tuple[int, int]:
        snapshot = _snapshot()
        in_use = None
        if is_final:
            self.close()
            in_use = self._net.read() if self._net is not None and is_single_call else None
        with unseen():
            kept, ignored = self._split(snapshot, imports=is_single_call)
            kept_bytes, ignored_bytes = sum(held.bytes for held in kept), sum(held.bytes for held in ignored)
            del ignored  # or its memory would be taken from what the heap holds when it is long gone
        if in_use is not None and not in_use.confirms(kept_bytes, sum(held.blocks for held in kept)):
            kept, kept_bytes = [], 0  # older memory was replaced
        self._kept = kept
        return kept_bytes, ignored_bytes

    def _split(self, snapshot: Snapshot | None, *, imports: bool) -> tuple[list[Held], list[Held]]:
        """What this window's allocations hold that may be the test's doing, and what is not."""
        kept: list[Held] = []
        ignored: list[Held] = []
        imports = imports and len(sys.modules) != self._modules
        for held in held_by_stack(snapshot, self._older) if snapshot else ():
            (ignored if allowances.is_ignored(held.stack, imports=imports) else kept).append(held)
        return kept, ignored

    def sites(self, metric: Literal["peak", "leak"]) -> tuple[Site, ...]:
        with unseen():
            if metric == "leak":
                return group_by_line(
                    self._split(_snapshot(), imports=True)[0] if self._kept is None else self._kept
                )
            if self._crossing is None and self._lines is not None:
                return (self._lines.site(self._marked_peak_bytes or 0),)
            return group_by_line(self._split(self._crossing, imports=False)[0])

    def close(self) -> Reading:
        if self._closed is None:
            if self._lines is not None:
                self._lines.stop()
            if self._watcher is not None:
                self._watcher.stop()
            self._closed = self.mark()
            self._probe.open_windows.remove(self)
            self._probe.stop_if_last()
        return self._closed


def _snapshot() -> Snapshot | None:
    return tracemalloc.take_snapshot() if tracemalloc.is_tracing() else None
