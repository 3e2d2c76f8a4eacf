"""Addresses by size class, within a limit."""

from __future__ import annotations

import operator
from collections import Counter, deque
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from reference_impl.memory.device.size_classes import SizeClasses
from reference_impl.memory.errors import PoolError, PoolExhaustedError
from reference_impl.memory.ledger import Counted, Ledger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reference_impl.memory.device.sources import Source

__all__ = ["LiveBlocks", "SizeClassPool"]


class LiveBlocks(NamedTuple):
    """``number`` live blocks of a size class of ``nbytes`` each."""

    nbytes: int
    number: int


class _Block(NamedTuple):
    size: int  # of its class
    requested: int
    stream: int


class SizeClassPool(Counted):
    """Blocks of ``source``'s memory, which are addresses; what is freed waits for a request of its size class.

    A block is handed out again on the stream it was asked for on, without waiting for the device: work on a stream
    comes in order. Blocks idle on other streams go back to the source when the limit demands it, which waits.

    Parameters
    ----------
    source
        Where the memory is from.
    limit_bytes
        Of blocks in use and idle ones together.
    size_classes
        In bytes; four per doubling when not given. Blocks larger than the largest are not kept.

    Attributes
    ----------
    hits, misses : int
        Requests served by idle blocks, and those for which the source was asked.

    Raises
    ------
    PoolError
        For a limit below one byte, and size classes that are none.

    Notes
    -----
    Threads may share a pool. :meth:`free` may be called at any moment, by a finalizer as well: it only notes what
    came back, and the next request does the books.
    """

    def __init__(
        self, source: Source, *, limit_bytes: int, size_classes: Sequence[int] | None = None
    ) -> None:
        self._live: dict[int, _Block] = {}
        self._idle: dict[
            tuple[int, int], list[int]
        ] = {}  # by stream and size; the last one freed is the last
        self._freed: deque[tuple[int, _Block]] = deque()
        self._ledger = Ledger()
        self.source = source
        self.hits = self.misses = 0
        self._classes = SizeClasses(size_classes)
        if limit_bytes < 1:
            raise PoolError(f"got limit_bytes={limit_bytes}, allowed: >= 1")
        self.limit_bytes = limit_bytes

    def __del__(self) -> None:
        if hasattr(self, "limit_bytes"):  # what it was made with was accepted
            self._collect()
            self._give_back_idle()

    def allocate(self, nbytes: int) -> int:
        """The address of ``nbytes``, uninitialised, at a multiple of 512.

        Raises
        ------
        PoolError
            For a negative size, and one that is no whole number.
        PoolExhaustedError
            Where the limit leaves no room, even with nothing idle. It is a :class:`MemoryError` too.
        MemoryError
            When the source has none left, even after everything idle was given back.
        """
        size = self._classes.known.get(nbytes) if type(nbytes) is int else None
        if size is None:
            nbytes = _checked(nbytes)
            size = self._classes.of(nbytes)
        stream = self.source.stream()
        ledger = self._ledger
        with ledger.lock:
            if self._freed:
                self._collect()
            idle = self._idle.get((stream, size))
            if idle:
                address = idle.pop()
                self.hits += 1
            else:
                address = self._new(size)
                self.misses += 1
            self._live[address] = _Block(size, nbytes, stream)
            ledger.allocated = allocated = ledger.allocated + size
            if allocated > ledger.high_allocated:  # noqa: PLR1730 - max() is a call: slower
                ledger.high_allocated = allocated
            return address

    def free(self, address: int) -> None:
        """Take back what starts at ``address``; it may be handed out at once.

        Raises
        ------
        PoolError
            For an address that is no live block's. The pool is unchanged.
        """
        block = self._live.pop(address, None)  # one step: of two threads, one gets past
        if block is None:
            raise PoolError(f"got address {address:#x}, allowed: one that allocate() returned, once")
        self._freed.append((address, block))

    def preallocate(self, nbytes: int, count: int = 1) -> None:
        """Have ``count`` idle blocks for requests of ``nbytes`` on this stream; errors as of :meth:`allocate`."""
        size, stream = self._classes.of(_checked(nbytes)), self.source.stream()
        if not self._classes.keeps(size):
            raise PoolError(
                f"got {nbytes} B, allowed: up to {self._classes.given[-1]} B, the largest size class"
            )
        with self._ledger.lock:
            self._collect()
            made: list[int] = []
            try:
                while len(made) + len(self._idle.get((stream, size), ())) < count:
                    made.append(self._new(size))
            finally:
                self._idle.setdefault((stream, size), []).extend(made)

    def empty_cache(self) -> None:
        """Give everything idle back to the source."""
        with self._ledger.lock:
            self._collect()
            self._give_back_idle()

    def reset_high_water(self) -> None:
        """Let both high-water marks start again from the present values."""
        ledger = self._ledger
        with ledger.lock:
            self._collect()
            ledger.high_allocated, ledger.high_reserved = ledger.allocated, ledger.reserved

    def largest_blocks(self, count: int = 10) -> list[LiveBlocks]:
        """What takes the most memory just now: live blocks by size class, the largest sum first."""
        sizes = Counter(block.size for block in list(self._live.values()))
        found = [LiveBlocks(nbytes, number) for nbytes, number in sizes.items()]
        return sorted(found, key=lambda blocks: blocks.nbytes * blocks.number, reverse=True)[:count]

    @property
    def allocated_bytes(self) -> int:
        """Bytes of live blocks, each as large as its size class."""
        self._collect()
        return super().allocated_bytes

    @property
    def requested_bytes(self) -> int:
        """Bytes that were asked for, of live blocks: the rest of :attr:`allocated_bytes` is the size classes'."""
        return sum(block.requested for block in list(self._live.values()))

    @property
    def frees(self) -> int:
        """Blocks that came back."""
        self._collect()
        return super().frees

    @property
    def largest_free_bytes(self) -> int:
        """Bytes of the largest idle block."""
        with self._ledger.lock:
            self._collect()
            return max((size for (_, size), idle in self._idle.items() if idle), default=0)

    def _collect(self) -> None:
        ledger = self._ledger
        with ledger.lock, suppress(IndexError):
            while True:
                address, block = self._freed.popleft()
                ledger.allocated -= block.size
                ledger.frees += 1
                if self._classes.keeps(block.size):
                    self._idle.setdefault((block.stream, block.size), []).append(address)
                else:
                    self._return(address, block.size)

    def _new(self, size: int) -> int:
        ledger = self._ledger
        if ledger.reserved + size > self.limit_bytes:
            self._give_back_idle(at_least=ledger.reserved + size - self.limit_bytes)
        if ledger.reserved + size > self.limit_bytes:
            room = max(0, self.limit_bytes - ledger.reserved)
            raise PoolExhaustedError(
                f"got {size} B, allowed: up to {room} B beside {ledger.allocated} B in use, "
                f"of {self.limit_bytes} B in all"
            )
        try:
            address = self.source.allocate(size)
        except MemoryError:
            self._give_back_idle()
            address = self.source.allocate(size)
        ledger.reserved += size
        ledger.high_reserved = max(ledger.high_reserved, ledger.reserved)
        return address

    def _give_back_idle(self, at_least: int | None = None) -> None:
        """Everything, or as many bytes as are wanted: few large blocks rather than many small ones."""
        given = 0
        for key in sorted(self._idle, key=operator.itemgetter(1), reverse=True):
            idle = self._idle[key]
            while idle and (at_least is None or given < at_least):
                self._return(idle.pop(), key[1])
                given += key[1]
            if not idle:
                del self._idle[key]

    def _return(self, address: int, size: int) -> None:
        self.source.free(address)
        self._ledger.reserved -= size


def _checked(nbytes: int) -> int:
    try:
        nbytes = operator.index(nbytes)
    except TypeError:
        raise PoolError(f"got {nbytes!r} bytes, allowed: a whole number >= 0") from None
    if nbytes < 0:
        raise PoolError(f"got {nbytes} B, allowed: >= 0")
    return nbytes
