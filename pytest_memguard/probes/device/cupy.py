"""CuPy's memory pool.

The pool counts what it has handed out and what it holds, and keeps no high-water mark. So while a window is open, an
allocator of our own stands before the pool's: it asks the one that was there before, then reads the counter. It sees
the allocations of all threads; a :class:`cupy.cuda.MemoryHook` sees those of one thread, at ten times the cost.

Sizes are what the pool hands out: multiples of 512 bytes.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from pytest_memguard.probes.device import library
from pytest_memguard.probes.device.cupy_allocator import CountingAllocator, behind_closed, stack
from pytest_memguard.probes.device.known import Known
from pytest_memguard.probes.device.probe import DeviceProbe
from pytest_memguard.probes.device.replaced import Replaced
from pytest_memguard.units import format_bytes

__all__ = ["CupySource", "cupy_probe", "cupy_unavailable"]

_NO_DRIVER = 35  # cudaErrorInsufficientDriver, which CuPy raises without any driver too


def cupy_probe() -> DeviceProbe:
    return DeviceProbe(CupySource())


def cupy_unavailable() -> str | None:
    """Why CuPy can tell nothing about a device now; asking makes no context."""
    if (reason := library.absence("cupy")) is not None:
        return reason
    cupy: Any = library.imported("cupy")
    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as error:
        return "no CUDA driver" if error.status == _NO_DRIVER else f"no CUDA device: {error}"
    return None if count else "no CUDA device"


class CupySource:
    name = "cupy"

    def __init__(self) -> None:
        self._cupy: Any = None
        self._pool: Any = None
        self._allocator: Any = None  # a CountingAllocator, while a window is open
        self._replaced: list[Replaced] = []  # what chooses an allocator
        self._was_bypassed = False
        self._device = 0

    def load(self) -> str | None:
        return library.load("cupy")

    def unavailable(self) -> str | None:
        return cupy_unavailable()

    def attach(self) -> str | None:
        cupy: Any = library.imported("cupy")
        self._cupy = cupy
        malloc = behind_closed(cupy.cuda.get_allocator())
        owner = getattr(malloc, "__self__", None)
        pool = owner.pool if isinstance(owner, CountingAllocator) else owner  # of another probe's window
        if isinstance(pool, cupy.cuda.MemoryAsyncPool):
            return "CuPy allocates from CUDA's stream-ordered pool: read it with the probe cuda_async"
        if str(getattr(malloc, "__module__", "")).startswith("rmm."):
            return "CuPy allocates from RMM: read it with the probe rmm"
        if not hasattr(pool, "used_bytes") or not hasattr(pool, "total_bytes"):
            return f"CuPy allocates with {malloc!r}, which is no memory pool that counts its bytes"
        self._device = cupy.cuda.runtime.getDevice()
        has_others = cupy.cuda.runtime.getDeviceCount() > 1
        allocator = CountingAllocator(malloc, pool, self._device, has_others=has_others)
        try:
            cupy.cuda.set_allocator(allocator.malloc)
        except ValueError:
            return (
                "cupy.cuda.using_allocator is in force, and CuPy lets nobody set another allocator inside it"
            )
        self._pool, self._allocator, self._was_bypassed = pool, allocator, False
        self._replaced = [
            Replaced(room, "set_allocator", self._chosen) for room in (cupy.cuda, cupy.cuda.memory)
        ]
        name = "_set_thread_local_allocator"  # which using_allocator ends in, both ways
        if hasattr(cupy.cuda.memory, name):
            self._replaced.append(Replaced(cupy.cuda.memory, name, self._chosen_for_a_thread))
        return None

    def _chosen(self, allocator: Any = None) -> None:
        if self._allocator.malloc not in stack(allocator):
            self._was_bypassed = True

    def _chosen_for_a_thread(self, allocator: Any) -> None:
        """``None`` is whatever all threads have."""
        if allocator is not None:
            self._chosen(allocator)

    def detach(self) -> None:
        """An allocator that somebody else chose stays, and so does ours inside ``using_allocator``: it passes on."""
        for replaced in self._replaced:
            replaced.close()
        ours = self._allocator.malloc
        self._allocator.close()
        if self._cupy.cuda.get_allocator() is ours:
            with suppress(ValueError):
                self._cupy.cuda.set_allocator(behind_closed(ours))
        self._pool = self._allocator = None

    def trouble(self) -> str:
        if self._cupy.cuda.runtime.getDevice() != self._device:
            return f"the current device is no longer {self._device}, whose memory was measured"
        if self._was_bypassed or self._allocator.malloc not in stack(self._cupy.cuda.get_allocator()):
            return (
                "somebody chose another CuPy allocator inside the window (set_allocator, using_allocator), "
                "and what it handed out was not seen"
            )
        return ""

    def notes(self) -> tuple[str, ...]:
        if not self._allocator.elsewhere:
            return ()
        return (
            f"{self._allocator.elsewhere} allocations on other devices than {self._device} are not counted",
        )

    @property
    def allocated_bytes(self) -> int:
        return int(self._pool.used_bytes())

    @property
    def reserved_bytes(self) -> int:
        return int(self._pool.total_bytes())

    @property
    def high_water_allocated_bytes(self) -> int:
        return int(self._allocator.allocated_mark_bytes)

    @property
    def high_water_reserved_bytes(self) -> int:
        """Looked at with every new mark of what is allocated, and now: it grows without one where blocks do not fit."""
        return max(int(self._allocator.reserved_mark_bytes), self.reserved_bytes)

    @property
    def free_bytes(self) -> int:
        return int(self._pool.total_bytes() - self._pool.used_bytes())

    @property
    def largest_free_bytes(self) -> int | None:
        """Of the current stream, whose free blocks are no other stream's; ``None`` before the first allocation.

        ``None`` for a thread's own default stream too: the pool knows it by a name that it does not tell.
        """
        arena = self._allocator.arena
        pool = arena() if arena is not None else None
        index = getattr(pool, "_debug_arena_get_index", None)
        if index is None:
            return None
        stream = self._cupy.cuda.get_current_stream().ptr
        if stream == self._cupy.cuda.runtime.streamPerThread:
            return None
        return max((size for size, _ in index(stream)), default=0)

    def reset_high_water(self) -> None:
        self._allocator.reset()

    def settle(self) -> None:
        """The plans of this thread's Fourier transforms hold work areas, several gigabytes at times."""
        self._cupy.fft.config.get_plan_cache().clear()

    def evidence(self) -> str:
        """What the pool cannot give back to the driver: the free parts of segments that are still in use."""
        with suppress(self._cupy.cuda.runtime.CUDARuntimeError):
            self._pool.free_all_blocks()
            if unreleasable := self._pool.free_bytes():
                return f"{format_bytes(unreleasable)} more cannot be released, beside blocks in use"
        return ""

    def known_allocation(self, nbytes: int) -> object:
        """``None`` where CuPy allocates from no pool that can be read now, which the window says."""
        memory = self._cupy.cuda.alloc(nbytes)
        return None if self._pool is None else Known(memory, self._pool.free_all_blocks)
