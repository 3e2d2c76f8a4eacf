"""Resident memory of this process and all its children, summed over psutil's process tree.

A page that parent and child share (after a fork, or in shared memory) is counted once in each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pytest_memguard.model import Counters, Reading, WindowPlan
from pytest_memguard.probes.marks import MarkStack
from pytest_memguard.probes.rss import malloc_trim, touched_pages
from pytest_memguard.probes.sampling import Sampler

if TYPE_CHECKING:
    from pytest_memguard.model import Site

__all__ = ["RssTreeProbe"]

_SAMPLING_SECONDS = 0.005


class RssTreeProbe:
    name = "rss_tree"
    noise_floor_bytes = 1024 * 1024

    def __init__(self) -> None:
        self.open_windows: MarkStack[_RssTreeWindow] = MarkStack()

    def unavailable(self) -> str | None:
        return None

    known_allocation = staticmethod(touched_pages)

    def look(self) -> int:
        """Resident bytes of the tree, handed to every open window as a mark."""
        import psutil  # noqa: PLC0415 - only where it is asked for

        process = psutil.Process()
        resident_bytes = 0
        for member in (process, *process.children(recursive=True)):
            try:
                resident_bytes += member.memory_info().rss
            except psutil.Error:  # it ended between the listing and the reading
                continue
        self.open_windows.hand_out(resident_bytes)
        return resident_bytes

    def open(self, plan: WindowPlan) -> _RssTreeWindow:
        return _RssTreeWindow(self, plan)


class _RssTreeWindow:
    def __init__(self, probe: RssTreeProbe, plan: WindowPlan) -> None:
        self._probe = probe
        self._closed: Reading | None = None
        self.high_water_bytes = 0
        if not plan.is_watching:
            malloc_trim()  # of this process; its children are asked for nothing
        self._before_bytes = probe.look()
        probe.open_windows.push(self)
        self._sampler = (
            Sampler(lambda: probe.look() and None, interval_seconds=_SAMPLING_SECONDS)
            if plan.wants_peak
            else None
        )

    def mark(self) -> Reading:
        if self._closed:
            return self._closed
        resident_bytes = self._probe.look()
        return Reading(
            probe=self._probe.name,
            before=Counters(allocated_bytes=self._before_bytes),
            after=Counters(allocated_bytes=resident_bytes),
            high_water_allocated_bytes=max(self.high_water_bytes, self._before_bytes),
            notes=("peak sampled every 5 ms over the process tree; shared pages count once per process",),
        )

    def settle(self) -> int:
        malloc_trim()
        return 0

    def retained_by(self, *, is_single_call: bool, is_final: bool) -> tuple[int, int]:  # noqa: ARG002 - counters name no owner
        return max(0, self.mark().retained_bytes or 0), 0

    def sites(self, metric: Literal["peak", "leak"]) -> tuple[Site, ...]:  # noqa: ARG002
        return ()

    def close(self) -> Reading:
        if self._closed is None:
            self._closed = self.mark()
            if self._sampler is not None:
                self._sampler.stop()
            self._probe.open_windows.remove(self)
        return self._closed
