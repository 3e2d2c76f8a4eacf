"""What stands before CuPy's allocator while a window is open."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CountingAllocator", "behind_closed", "stack"]


class CountingAllocator:
    """Asks the allocator that was found, then reads the pool's counter.

    Its window may close while it is in force, or while somebody keeps it to put it back later: then it passes on.
    """

    def __init__(self, found: Callable[[int], Any], pool: Any, device: int, *, has_others: bool) -> None:
        self.found, self.pool = found, pool
        self._used_bytes, self._device = pool.used_bytes, device
        self.is_closed = False
        self.elsewhere = 0  # allocations on other devices
        self.arena: Any = None  # weak reference to the device's own pool
        self._lock = threading.Lock()
        self._has_others = has_others
        self.allocated_mark_bytes = self.reserved_mark_bytes = 0
        self.reset()

    @property
    def malloc(self) -> Callable[[int], Any]:
        """For :func:`cupy.cuda.set_allocator`."""
        return self._allocate_here if self._has_others else self._allocate

    def _allocate(self, size: int) -> Any:
        """Called for every allocation of the tested program: nothing in it that is not needed."""
        memory = self.found(size)
        used = self._used_bytes()
        if used > self.allocated_mark_bytes:
            self._raise_marks(used, memory)
        return memory

    def _allocate_here(self, size: int) -> Any:
        """With several devices, those that are allocated on another one count on that one."""
        memory = self.found(size)
        if memory.device_id != self._device:
            self.elsewhere += 1
            return memory
        used = self._used_bytes()
        if used > self.allocated_mark_bytes:
            self._raise_marks(used, memory)
        return memory

    def _raise_marks(self, used: int, memory: Any) -> None:
        """Locked, so that of two threads the higher mark stays. What is reserved grows only when something is asked."""
        reserved, arena = self.pool.total_bytes(), getattr(memory.mem, "pool", None)
        with self._lock:
            self.allocated_mark_bytes = max(used, self.allocated_mark_bytes)
            self.reserved_mark_bytes = max(reserved, self.reserved_mark_bytes)
            self.arena = arena

    def reset(self) -> None:
        used, reserved = int(self._used_bytes()), int(self.pool.total_bytes())
        with self._lock:
            self.allocated_mark_bytes, self.reserved_mark_bytes = used, reserved

    def close(self) -> None:
        self.is_closed = True
        self._used_bytes = int  # zero, above no mark: nothing is looked at any more


def stack(allocator: Any) -> tuple[Any, ...]:
    """The allocator, and those that it asks, as far down as they are ours."""
    found = [allocator]
    while isinstance(owner := getattr(found[-1], "__self__", None), CountingAllocator):
        found.append(owner.found)
    return tuple(found)


def behind_closed(allocator: Any) -> Any:
    """What is in force behind allocators whose windows are closed."""
    while isinstance(owner := getattr(allocator, "__self__", None), CountingAllocator) and owner.is_closed:
        allocator = owner.found
    return allocator
