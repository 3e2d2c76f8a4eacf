"""The counters of a pool, shared by the pool and its buffers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from threading import RLock
from typing import Any, TypeVar

from reference_impl.uncopied import Uncopied

__all__ = ["Counted", "Ledger", "atomic"]

_Method = TypeVar("_Method", bound=Callable[..., Any])
# CPython with its global lock switches threads only at calls and backward jumps; before 3.11 it did so at forward ones
# too, behind every `if`, and PyPy promises no such thing.
_SWITCHES_AT_CALLS_ONLY = (
    sys.implementation.name == "cpython"
    and sys.version_info >= (3, 11)
    and getattr(sys, "_is_gil_enabled", lambda: True)()
)


class Ledger:
    """Bytes and counts of one pool. ``lock`` guards the slow paths; reentrant, because freeing runs inside
    them.
    """

    __slots__ = ("allocated", "frees", "high_allocated", "high_reserved", "lock", "reserved")

    def __init__(self) -> None:
        self.lock = RLock()
        self.allocated = self.reserved = self.frees = 0
        self.high_allocated = self.high_reserved = 0


class Counted(Uncopied):
    """The counters of a pool, as every pool has them: read from its ledger."""

    __slots__ = ()
    _ledger: Ledger
    hits: int
    misses: int

    @property
    def allocated_bytes(self) -> int:
        """Bytes that are handed out."""
        return self._ledger.allocated

    @property
    def reserved_bytes(self) -> int:
        """Bytes that the pool has of the system, handed out or not."""
        return self._ledger.reserved

    @property
    def free_bytes(self) -> int:
        """Bytes that the pool has and could hand out."""
        return self.reserved_bytes - self.allocated_bytes

    @property
    def high_water_allocated_bytes(self) -> int:
        return self._ledger.high_allocated

    @property
    def high_water_reserved_bytes(self) -> int:
        return self._ledger.high_reserved

    @property
    def allocations(self) -> int:
        return self.hits + self.misses

    @property
    def frees(self) -> int:
        """What came back, released or dropped."""
        return self._ledger.frees


def atomic(method: _Method) -> _Method:
    """Let threads call ``method`` of an object with a ``_ledger`` at once.

    A lock costs 0.1 to 0.2 µs per call, so under CPython's global lock, from 3.11 on, there is none: such a method
    must keep each read-change-write of a counter free of calls, where no thread switch can happen, and move buffers
    only by the atomic ``deque.pop`` and ``deque.append``. Other interpreters get a real lock here.
    """
    if _SWITCHES_AT_CALLS_ONLY:
        return method

    @wraps(method)
    def locked(self: Any, *args: Any, **kwargs: Any) -> Any:
        with self._ledger.lock:
            return method(self, *args, **kwargs)

    return locked  # type: ignore[return-value]
