"""CuPy's pinned host memory.

Its pool counts blocks and no bytes. So while a window is open, an allocator of our own stands before the pool's and
follows each buffer until it is given up. Sizes are what the pool hands out: powers of two, of 512 bytes at least.
Buffers that were made while no window was open are not known, and neither is what the pool keeps in reserve.
"""

from __future__ import annotations

import threading
import weakref
from typing import Any

from pytest_memguard.probes.device import library
from pytest_memguard.probes.device.cupy import cupy_unavailable
from pytest_memguard.probes.device.known import Known
from pytest_memguard.probes.device.probe import DeviceProbe

__all__ = ["CupyPinnedSource", "cupy_pinned_probe"]


def cupy_pinned_probe() -> DeviceProbe:
    return DeviceProbe(CupyPinnedSource())


class CupyPinnedSource:
    name = "cupy_pinned"
    reserved_bytes = None

    def __init__(self) -> None:
        self._cupy: Any = None
        self._pool: Any = None
        self._was_asked = False
        self._lock = (
            threading.RLock()
        )  # a buffer may be given up by a collection in the middle of an allocation
        self.allocated_bytes = self.high_water_allocated_bytes = 0
        self.allocations = self.frees = 0

    def load(self) -> str | None:
        return library.load("cupy")

    def unavailable(self) -> str | None:
        return cupy_unavailable()

    def attach(self) -> None:
        """CuPy does not tell which allocator is in force: it is taken to be that of its default pool."""
        cupy: Any = library.imported("cupy")
        self._cupy, self._pool = cupy, cupy.get_default_pinned_memory_pool()
        cupy.cuda.set_pinned_memory_allocator(self._allocate)

    def _allocate(self, size: int) -> Any:
        self._was_asked = True
        pointer = self._pool.malloc(size)
        if size:
            nbytes = pointer.mem.size
            with self._lock:
                self.allocations += 1
                self.allocated_bytes += nbytes
                self.high_water_allocated_bytes = max(self.allocated_bytes, self.high_water_allocated_bytes)
            weakref.finalize(pointer.mem, self._given_up, nbytes).atexit = False
        return pointer

    def _given_up(self, nbytes: int) -> None:
        with self._lock:
            self.frees += 1
            self.allocated_bytes -= nbytes

    def _is_in_force(self) -> bool:
        """A buffer of no bytes is asked for: CuPy hands it to whoever allocates now, and it costs nothing."""
        self._was_asked = False
        self._cupy.cuda.alloc_pinned_memory(0)
        return self._was_asked

    def detach(self) -> None:
        if self._is_in_force():  # another one is somebody else's choice
            self._cupy.cuda.set_pinned_memory_allocator(self._pool.malloc)
        self._pool = None

    def trouble(self) -> str:
        if self._is_in_force():
            return ""
        return "somebody set another pinned allocator inside the window, and what it handed out was not seen"

    def notes(self) -> tuple[str, ...]:
        return ()

    def reset_high_water(self) -> None:
        with self._lock:
            self.high_water_allocated_bytes = self.allocated_bytes

    def settle(self) -> None:
        """CuPy holds a buffer until the copy it was made for is done, and looks for that at the next allocation."""
        self._cupy.cuda.runtime.deviceSynchronize()
        self._cupy.cuda.alloc_pinned_memory(0)

    def evidence(self) -> str:
        return ""

    def known_allocation(self, nbytes: int) -> object:
        return Known(self._cupy.cuda.alloc_pinned_memory(nbytes), self._pool.free_all_blocks)
