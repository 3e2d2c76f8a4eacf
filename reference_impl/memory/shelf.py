"""Buffers of one shape and dtype, and the order in which they are given up."""

from __future__ import annotations

import heapq
from collections import deque
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reference_impl.memory.ledger import Ledger

__all__ = [
    "Buffer",
    "EvictionOrder",
    "LeastFrequentlyUsed",
    "LeastRecentlyUsed",
    "Shelf",
    "disown",
    "zeroed_buffer",
]


_RELEASES_PER_SHELF = 16  # after so many, on average, what was counted before counts half


class Shelf:
    """Idle buffers of one shape and dtype, most recently released last; ``buffers`` counts the leased ones
    too.

    ``keys`` are the words under which it stands in ``shelves``: ``(8, "f8")`` and ``((8,), np.float64)`` are
    one shelf.
    """

    __slots__ = ("buffers", "idle", "keys", "ledger", "nbytes", "releases", "shelves")

    def __init__(self, shelves: dict[Any, Shelf], ledger: Ledger, key: Any) -> None:
        self.shelves = shelves
        self.ledger = ledger
        self.keys: list[Any] = [key]
        self.nbytes = 0
        self.buffers = 0
        self.releases = 0  # since an eviction order last forgot some
        self.idle: deque[Buffer] = deque()

    def answer_to(self, key: Any) -> None:
        self.keys.append(key)
        self.shelves[key] = self

    def lose_buffer(self) -> None:
        """One buffer fewer; without any, nobody can release into the shelf and it goes too."""
        self.buffers -= 1
        if not self.buffers:
            first, *others = self.keys
            if (
                first in self.shelves
            ):  # no call up to here: a finalizer that acquires finds the shelf in use, or none
                del self.shelves[first]
            for key in others:
                self.shelves.pop(key, None)


class Buffer(np.ndarray[Any, Any]):
    """The memory behind a lease: the lease is a view of it, and its only owner while the lease lives.

    So a lease that its user drops frees the memory and is booked as freed, with nothing keyed by ``id`` left
    behind. NumPy keeps a view of a lease based on the *lease*, because the types differ: only the lease
    itself has a ``Buffer`` as its ``base``.
    """

    __slots__ = ("lease", "shelf", "tick")
    shelf: Shelf | None  # None: in no pool's books (any more)
    lease: int | None  # id() of the array handed out; None while idle
    tick: int

    def __array_finalize__(self, obj: object) -> None:
        # Also runs for results of arithmetic on a buffer, which belong to no pool.
        self.shelf = None
        self.lease = None

    def __del__(self) -> None:
        if getattr(self, "shelf", None) is not None:  # unset where there was no memory for it
            disown(self)


class _Cleared(np.ndarray[Any, Any]):
    """What lies between a `Buffer` and memory that another array owns.

    Without it NumPy would leave the buffer out of what a lease is a view of.
    """

    __slots__ = ()


def zeroed_buffer(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Buffer:
    """One of zeros, as :func:`numpy.zeros` has them of the system."""
    return np.zeros(shape, dtype).view(_Cleared).view(Buffer)


def disown(buffer: Buffer) -> None:
    """Strike ``buffer`` off the books: it was evicted, or the lease that owned it is gone."""
    shelf = buffer.shelf
    assert shelf is not None
    ledger = shelf.ledger
    with ledger.lock:
        buffer.shelf = None
        ledger.reserved -= shelf.nbytes
        if buffer.lease is not None:
            ledger.allocated -= shelf.nbytes
            ledger.frees += 1
        shelf.lose_buffer()


class EvictionOrder(Protocol):
    """Which idle buffer goes first."""

    def add(self, shelf: Shelf, tick: int) -> None:
        """Know of a new shelf; ``tick`` is that of the last release."""

    def pop(self, now: int) -> Buffer | None:
        """Take the next buffer to go off its shelf; ``now`` is the tick of the last release."""


class LeastRecentlyUsed:
    """Finds the buffer released longest ago over all shelves, in logarithmic time.

    The heap holds one entry per shelf, with a tick that its oldest idle buffer cannot be older than: releases
    need not touch the heap, and an entry that has become too early is corrected when it comes up. Finalizers that run
    in :meth:`pop` may call :meth:`add`: whether the first entry is still the same is known when it is taken off.
    """

    __slots__ = ("_heap", "_shelves", "_turn")

    def __init__(self, shelves: Mapping[Any, Shelf]) -> None:
        self._shelves = shelves
        self._heap: list[tuple[int, int, Shelf]] = []
        self._turn = count()

    def add(self, shelf: Shelf, tick: int) -> None:
        heap = self._heap
        while heap and not heap[0][2].buffers:
            self._replace(heap[0])
        count = len(heap)
        if count > 2 * len(self._shelves) + 4:
            live = [entry for entry in heap if entry[2].buffers]
            heapq.heapify(live)
            if not heap[count:]:  # no call: no finalizer added a shelf meanwhile
                self._heap = live
        heapq.heappush(self._heap, (tick, next(self._turn), shelf))

    def pop(self, now: int) -> Buffer | None:
        heap = self._heap
        while heap:
            first = tick, _, shelf = heap[0]
            try:
                oldest = shelf.idle[0].tick
                if oldest <= tick:
                    return shelf.idle.popleft()
            except IndexError:  # nothing idle, or another thread was faster
                if not shelf.buffers:
                    self._replace(first)
                    continue
                oldest = now + 1
                if tick == oldest:  # the smallest entry is in the future: nothing is idle anywhere
                    return None
            self._replace(first, (oldest, next(self._turn), shelf))
        return None

    def _replace(self, first: tuple[int, int, Shelf], *later: tuple[int, int, Shelf]) -> None:
        """Take ``first`` off, unless another one came before it meanwhile."""
        heap = self._heap
        with suppress(IndexError):
            taken = heapq.heapreplace(heap, *later) if later else heapq.heappop(heap)
            if taken is not first:
                heapq.heappush(heap, taken)


class LeastFrequentlyUsed:
    """Finds the shelf with the fewest releases, of which older ones count less and less, in O(shelves)."""

    __slots__ = ("_halved_at", "_shelves")

    def __init__(self, shelves: Mapping[Any, Shelf]) -> None:
        self._shelves = shelves
        self._halved_at = 0

    def add(self, shelf: Shelf, tick: int) -> None:
        """There is nothing to note."""

    def pop(self, now: int) -> Buffer | None:
        shelves = set(self._shelves.values())
        if now - self._halved_at > _RELEASES_PER_SHELF * len(shelves):
            self._halved_at = now
            for shelf in shelves:
                shelf.releases //= 2
        while True:
            idle = [shelf for shelf in shelves if shelf.idle]
            if not idle:
                return None
            with suppress(IndexError):  # another thread was faster
                return min(idle, key=lambda shelf: (shelf.releases, shelf.idle[0].tick)).idle.popleft()
