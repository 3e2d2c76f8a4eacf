"""Resident memory of this process, as the kernel counts it.

Sees every page that was touched, whoever asked for it. Does not see memory that was mapped and never touched, and
cannot tell a free page that an allocator keeps from one in use.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from pytest_memguard.model import Counters, Reading, WindowPlan
from pytest_memguard.probes.marks import MarkStack
from pytest_memguard.probes.sampling import Sampler

if sys.platform != "win32":
    import resource

if TYPE_CHECKING:
    from pytest_memguard.model import Site

__all__ = ["RssProbe", "malloc_trim", "touched_pages"]

_SAMPLING_SECONDS = 0.001
_SMAPS = Path("/proc/self/smaps_rollup")
_HUGE_PAGE = Path("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size")


class _Source(Protocol):
    is_exact: bool

    def read(self) -> tuple[int, int]:
        """Resident bytes now, and their high-water mark since the last :meth:`reset` (0: no mark)."""

    def reset(self) -> int:
        """Start the high-water mark again from now; the resident bytes now."""

    def huge_page_bytes(self) -> int:
        """Of one, where this process has any; they are resident as a whole, whatever of them was touched."""


class _LinuxSource:
    """The resident pages of /proc/self/statm, and their mark; ``5`` to /proc/self/clear_refs resets it (proc(5)).

    What is resident at the time of reading is exact. The mark of memory that has been freed again may be off by the
    kernel's per-processor counters, which are summed up every 32 pages (``percpu_counter_batch``, Linux 6.2 and newer).
    ``ru_maxrss`` of getrusage(2) follows the reset, and costs a tenth of ``VmHWM`` in /proc/self/status. But it never
    falls below the mark of whatever program this process was before execve: then the file is read instead.
    """

    is_exact = True

    def __init__(self) -> None:
        self._open()
        self._hiding_bytes = 0  # marks below it cannot be told from it
        self.reset()
        self.read()

    def _open(self) -> None:
        # First what a sandbox may forbid: then nothing else is open.
        self._clear_refs = os.open("/proc/self/clear_refs", os.O_WRONLY | os.O_CLOEXEC)
        self._statm = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
        self._status = os.open("/proc/self/status", os.O_RDONLY | os.O_CLOEXEC)
        self._identity = _identity(self._clear_refs)

    def _is_open(self) -> bool:
        """Whether the descriptors are still ours: a test may close all, and files that it opens get their numbers."""
        return _identity(self._clear_refs) == self._identity

    def _resident_bytes(self) -> int:
        return int(os.pread(self._statm, 128, 0).split(None, 2)[1]) * mmap.PAGESIZE

    def read(self) -> tuple[int, int]:
        if not self._is_open():
            self._open()
        resident_bytes, mark_bytes = self._resident_bytes(), _highest_bytes()
        if mark_bytes == self._hiding_bytes:
            mark_bytes = _kilobytes(os.pread(self._status, 8192, 0), b"VmHWM:")
        return resident_bytes, mark_bytes

    def reset(self) -> int:
        if not self._is_open():
            self._open()
        os.write(self._clear_refs, b"5")
        resident_bytes, mark_bytes = self._resident_bytes(), _highest_bytes()
        self._hiding_bytes = mark_bytes if mark_bytes > resident_bytes else 0
        return resident_bytes

    def huge_page_bytes(self) -> int:
        """Walks all pages of the process, which takes milliseconds per gigabyte."""
        try:
            if not _kilobytes(_SMAPS.read_bytes(), b"AnonHugePages:"):
                return 0
            return int(_HUGE_PAGE.read_text())
        except (OSError, ValueError):
            return 0  # a kernel without them

    def __del__(self) -> None:
        if hasattr(self, "_identity") and self._is_open():
            for descriptor in (self._statm, self._status, self._clear_refs):
                os.close(descriptor)


def _identity(descriptor: int) -> tuple[int, int] | None:
    """Device and inode of an open file; ``None`` of a closed one."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _highest_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _kilobytes(status: bytes, key: bytes) -> int:
    start = status.index(key) + len(key)
    return int(status[start : status.index(b"kB", start)]) * 1024


class _SampledSource:
    """psutil's resident set size, where the kernel's own mark cannot be reset."""

    is_exact = False

    def __init__(self) -> None:
        import psutil  # noqa: PLC0415 - only where it is needed

        self._process = psutil.Process()

    def read(self) -> tuple[int, int]:
        return self._process.memory_info().rss, 0

    def reset(self) -> int:
        return self.read()[0]

    def huge_page_bytes(self) -> int:
        return 0


def _source() -> _Source:
    if sys.platform == "linux":
        try:
            return _LinuxSource()
        except (OSError, ValueError):
            pass  # a sandbox without clear_refs: sampled like everywhere else
    return _SampledSource()


def malloc_trim() -> None:
    """Hand the allocator's free pages back, so that resident memory tells what is held."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim is not None:
            trim(0)


def touched_pages(nbytes: int) -> mmap.mmap:
    """A mapping of its own, resident: the C allocator might hand out pages that are resident already."""
    pages = mmap.mmap(-1, nbytes)
    pages[:: mmap.PAGESIZE] = bytes(len(range(0, nbytes, mmap.PAGESIZE)))
    return pages


class RssProbe:
    name = "rss"
    noise_floor_bytes = 512 * 1024  # see _LinuxSource, and pages that the interpreter touches by itself

    def __init__(self) -> None:
        self.open_windows: MarkStack[_RssWindow] = MarkStack()
        self._source, self._pid = _source(), os.getpid()

    @property
    def source(self) -> _Source:
        if self._pid != os.getpid():  # forked: the open files are the parent's
            self._source, self._pid = _source(), os.getpid()
        return self._source

    def unavailable(self) -> str | None:
        return None

    @property
    def samples_its_peak(self) -> bool:
        return not self.source.is_exact

    known_allocation = staticmethod(touched_pages)

    def counters(self) -> Counters:
        return Counters(allocated_bytes=self.source.read()[0])

    def look(self) -> tuple[int, int]:
        """Resident bytes, and the mark handed to every open window."""
        resident_bytes, mark_bytes = self.source.read()
        self.open_windows.hand_out(max(resident_bytes, mark_bytes))
        return resident_bytes, mark_bytes

    def open(self, plan: WindowPlan) -> _RssWindow:
        return _RssWindow(self, plan)


class _RssWindow:
    def __init__(self, probe: RssProbe, plan: WindowPlan) -> None:
        self._probe = probe
        self._closed: Reading | None = None
        self._sampler: Sampler | None = None
        self._notes: tuple[str, ...] = ()
        self.high_water_bytes = 0
        if not plan.is_watching:
            malloc_trim()  # free pages that are resident would not be seen when they are handed out again
        if probe.open_windows:
            probe.look()  # the outer windows keep what they have seen so far
        source = probe.source
        if not source.is_exact and plan.wants_peak:
            self._sampler = Sampler(lambda: probe.look() and None, interval_seconds=_SAMPLING_SECONDS)
            self._notes = ("peak sampled about every 1 ms: a shorter spike is not seen",)
        probe.open_windows.push(self)
        self._before_bytes = source.reset()

    def mark(self) -> Reading:
        if self._closed:
            return self._closed
        resident_bytes, _ = self._probe.look()
        return Reading(
            probe=self._probe.name,
            before=Counters(allocated_bytes=self._before_bytes),
            after=Counters(allocated_bytes=resident_bytes),
            high_water_allocated_bytes=max(self.high_water_bytes, self._before_bytes),
            notes=self._notes,
        )

    def settle(self) -> int:
        malloc_trim()
        return 0

    def coarseness_bytes(self) -> int:
        return self._probe.source.huge_page_bytes()

    def retained_by(self, *, is_single_call: bool, is_final: bool) -> tuple[int, int]:  # noqa: ARG002 - counters name no owner
        return max(0, self.mark().retained_bytes or 0), 0

    def sites(self, metric: Literal["peak", "leak"]) -> tuple[Site, ...]:  # noqa: ARG002 - pages have no source line
        return ()

    def close(self) -> Reading:
        if self._closed is None:
            self._closed = self.mark()
            if self._sampler is not None:
                self._sampler.stop()
            self._probe.open_windows.remove(self)
        return self._closed
