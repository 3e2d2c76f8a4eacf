"""The C allocator: native allocations in exact bytes, without hooks.

Sees everything that comes from ``malloc``: NumPy data, C extensions, Python objects above 512 bytes. Does not see
``mmap`` (nor CPython's small objects, which live in mapped arenas), nor allocators of other libraries.
"""

from __future__ import annotations

import ctypes
import sys
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from pytest_memguard.model import Counters, Reading, WindowPlan
from pytest_memguard.probes.marks import MarkStack
from pytest_memguard.probes.sampling import Sampler
from pytest_memguard.probes.tracing import stacks_bytes, tables_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_memguard.model import Site

__all__ = ["HeapProbe", "unseen"]

_SAMPLING_SECONDS = 0.001
_unseen_bytes = [0]  # of this process, like what it is taken from


class _Mallinfo2(ctypes.Structure):
    """``struct mallinfo2`` of glibc 2.33 and newer, see mallinfo(3)."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()  # noqa: SIM905
        )
    ]


@lru_cache(maxsize=1)  # ctypes makes classes, and their memory would be counted
def _glibc() -> Callable[[], tuple[int, int | None]]:
    # PyDLL keeps the interpreter's lock: handing it over twice takes longer than the call.
    mallinfo2 = ctypes.PyDLL(None).mallinfo2
    mallinfo2.restype = _Mallinfo2

    def read() -> tuple[int, int | None]:
        info = mallinfo2()
        # hblkhd counts the chunks that got a mapping of their own: they are in use, and in no arena.
        return info.uordblks + info.hblkhd, info.arena + info.hblkhd

    return read


@lru_cache(maxsize=1)
def _thread_cache_filler() -> Callable[[], None]:
    """Fills glibc's thread cache: free chunks in it count as in use, so it must hold as much before as after.

    It keeps seven chunks of each size up to 1032 bytes (``glibc.malloc.tcache_count`` and ``tcache_max``).
    """
    library = ctypes.PyDLL(None)
    library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, (ctypes.c_size_t,)
    library.free.restype, library.free.argtypes = None, (ctypes.c_void_p,)
    malloc, free = library.malloc, library.free

    def fill() -> None:
        for nbytes in range(24, 1033, 16):
            for chunk in [malloc(nbytes) for _ in range(7)]:
                free(chunk)

    return fill


def _psutil() -> Callable[[], tuple[int, int | None]]:
    """macOS, Windows, the BSDs; what the allocator holds in reserve is not told."""
    import psutil  # noqa: PLC0415 - only where it is needed

    psutil.heap_info()  # raises here where it cannot be read

    def read() -> tuple[int, int | None]:
        info = psutil.heap_info()
        return info.heap_used + info.mmap_used, None

    return read


class HeapProbe:
    name = "heap"
    noise_floor_bytes = 4096
    samples_its_peak = True

    def __init__(self) -> None:
        self.open_windows: MarkStack[_HeapWindow] = MarkStack()
        self._read: Callable[[], tuple[int, int | None]] | None = None
        self.fill_thread_cache: Callable[[], None] = lambda: None
        self._reason: str | None = None
        try:
            if sys.platform == "linux":
                self._read, self.fill_thread_cache = _glibc(), _thread_cache_filler()
            else:
                self._read = _psutil()
        except (AttributeError, OSError):
            self._reason = (
                "this C library has no mallinfo2 (glibc 2.33 and newer has)"
                if sys.platform == "linux"
                else f"psutil cannot read the C allocator of {sys.platform}"
            )

    def unavailable(self) -> str | None:
        return self._reason

    def counters(self) -> Counters:
        assert self._read is not None, self._reason
        allocated_bytes, reserved_bytes = self._read()
        allocated_bytes -= tables_bytes() + _unseen_bytes[0]
        return Counters(allocated_bytes=allocated_bytes, reserved_bytes=reserved_bytes)

    def open(self, plan: WindowPlan) -> _HeapWindow:
        return _HeapWindow(self, plan)


@contextmanager
def unseen(*, is_often: bool = False) -> Iterator[None]:
    """What is kept of the block's allocations counts for no window: evidence and its caches, which are memguard's.

    ``is_often``: in a microsecond instead of half a millisecond, and nothing of the sizes that a thread's cache has.
    """
    probe = HeapProbe()
    if probe.unavailable() is not None:
        yield
        return
    if not is_often:
        probe.fill_thread_cache()  # or what is taken out of it is counted when it is filled again, as the test's
    before_bytes = probe.counters().allocated_bytes or 0
    try:
        yield
    finally:
        if not is_often:
            probe.fill_thread_cache()
        _unseen_bytes[0] += max(0, (probe.counters().allocated_bytes or 0) - before_bytes)


class _HeapWindow:
    def __init__(self, probe: HeapProbe, plan: WindowPlan) -> None:
        self._probe = probe
        self._is_sampled = plan.wants_peak
        self._stacks_before_bytes = stacks_bytes() if plan.wants_leak else 0.0
        self._stacks_settled_bytes: float | None = None
        self._closed: Reading | None = None
        self._sampler: Sampler | None = None
        self.high_water_bytes = 0
        if self._is_sampled:
            self._sampler = Sampler(self._sample, interval_seconds=_SAMPLING_SECONDS)
            probe.open_windows.push(self)
        if plan.wants_leak:
            probe.fill_thread_cache()
        self._before = probe.counters()

    def _sample(self) -> None:
        self._probe.open_windows.hand_out(self._probe.counters().allocated_bytes or 0)

    def mark(self) -> Reading:
        if self._closed:
            return self._closed
        after = self._probe.counters()
        high_water_bytes = None
        if self._is_sampled:
            self._probe.open_windows.hand_out(after.allocated_bytes or 0)
            high_water_bytes = max(self.high_water_bytes, self._before.allocated_bytes or 0)
        return Reading(
            probe=self._probe.name,
            before=self._before,
            after=after,
            high_water_allocated_bytes=high_water_bytes,
            notes=("peak sampled about every 1 ms: a shorter spike is not seen",) if self._is_sampled else (),
        )

    def settle(self) -> int:
        self._probe.fill_thread_cache()
        if self._stacks_settled_bytes is None:
            self._stacks_settled_bytes = stacks_bytes()
        return 0

    @property
    def noise_bytes(self) -> int:
        """What tracing that goes on may hold more than when the window was first settled."""
        settled_bytes = self._stacks_settled_bytes
        return 0 if settled_bytes is None else round(stacks_bytes() - settled_bytes)

    def retained_by(self, *, is_single_call: bool, is_final: bool) -> tuple[int, int]:  # noqa: ARG002 - a counter, open or closed
        retained_bytes = max(0, self.mark().retained_bytes or 0)
        # Over several calls the stacks are part of the noise.
        explained_bytes = stacks_bytes() - self._stacks_before_bytes + self._probe.noise_floor_bytes
        if is_single_call and retained_bytes <= explained_bytes:
            return 0, retained_bytes
        return retained_bytes, 0

    def sites(self, metric: Literal["peak", "leak"]) -> tuple[Site, ...]:  # noqa: ARG002 - malloc keeps no stacks
        return ()

    def close(self) -> Reading:
        if self._closed is None:
            self._closed = self.mark()
            if self._sampler is not None:
                self._sampler.stop()
                self._probe.open_windows.remove(self)
        return self._closed
