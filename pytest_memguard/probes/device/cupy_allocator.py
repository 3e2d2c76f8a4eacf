"""What stands before CuPy's allocator while a window is open."""

from __future__ import annotations

import sys
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
        self.found, self.pool, self.is_closed = found, pool, False
        self.elsewhere = 0  # allocations on other devices
        self.arena: Any = None  # weak reference to the device's own pool
        self.allocated_mark_bytes = self.reserved_mark_bytes = 0
        self._lock = threading.Lock()
        self.reset()
        self.malloc: Any = self._made_for_one_of(device) if has_others else self._made()
        self.malloc.__self__ = self  # as a method has it, which would be slower

    def _made(self) -> Any:
        """Called for every allocation of the tested program: nothing in it that is not needed."""
        found, used_bytes = self.found, self.pool.used_bytes

        def malloc(size: int) -> Any:
            memory = found(size)
            used = used_bytes()
            if used > self.allocated_mark_bytes:
                self._raise_marks(used, memory)
            return memory

        return malloc

    def _made_for_one_of(self, device: int) -> Any:
        """With several devices, those that are allocated on another one count on that one."""
        found, used_bytes = self.found, self.pool.used_bytes

        def malloc(size: int) -> Any:
            memory = found(size)
            if memory.device_id != device:
                self.elsewhere += 1
                return memory
            used = used_bytes()
            if used > self.allocated_mark_bytes:
                self._raise_marks(used, memory)
            return memory

        return malloc

    def _raise_marks(self, used: int, memory: Any) -> None:
        """Locked, so that of two threads the higher mark stays. What is reserved grows only when something is asked."""
        reserved, arena = self.pool.total_bytes(), getattr(memory.mem, "pool", None)
        with self._lock:
            self.allocated_mark_bytes = max(used, self.allocated_mark_bytes)
            self.reserved_mark_bytes = max(reserved, self.reserved_mark_bytes)
            self.arena = arena

    def reset(self) -> None:
        used, reserved = int(self.pool.used_bytes()), int(self.pool.total_bytes())
        with self._lock:
            self.allocated_mark_bytes, self.reserved_mark_bytes = used, reserved

    def close(self) -> None:
        """From now on it passes on, for as long as somebody has it: nobody needs it here."""
        self.is_closed, self.malloc = True, None
        self.allocated_mark_bytes = sys.maxsize  # nothing rises above it


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
