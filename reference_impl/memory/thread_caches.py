"""Freed blocks kept by the thread that freed them."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import suppress
from operator import index
from typing import TYPE_CHECKING
from weakref import WeakSet

from reference_impl.memory.block import Block, lease, refusal
from reference_impl.memory.ledger import Ledger, atomic
from reference_impl.uncopied import Uncopied

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from reference_impl.memory.arena import Span
    from reference_impl.memory.block_pool import BlockPool

__all__ = ["ThreadCaches"]


class ThreadCaches(Uncopied):
    """A :class:`BlockPool` for many threads: each keeps what it freed for itself, and shares nothing to reuse it.

    A cache that grows beyond its limit, or whose thread ends, goes to the shared pool as a whole.

    Parameters
    ----------
    pool
        Where memory comes from. It counts what lies in the caches as allocated.
    cache_bytes
        How much one thread keeps at most.

    Attributes
    ----------
    pool : BlockPool
    hits, misses : int
        Requests served by the caches, and those that went to the shared pool.
    """

    def __init__(self, pool: BlockPool, *, cache_bytes: int = 2**20) -> None:
        self.pool = pool
        self.lock, self.orphans = pool.lock, pool.orphans
        self.alignment = pool.alignment
        self._cache_units = pool.units(cache_bytes)
        self._round, self._shift = pool.alignment - 1, pool.alignment.bit_length() - 1
        self._local = threading.local()
        self._caches: WeakSet[_Cache] = WeakSet()
        self._past: deque[tuple[int, int]] = deque()  # hits and misses of threads that ended
        self._past_hits = self._past_misses = 0
        self._ledger = Ledger()  # for its lock alone, and only where the interpreter has none of its own

    def allocate(self, nbytes: int) -> Block:
        """As :meth:`BlockPool.allocate`."""
        try:
            cache = self._local.cache
        except AttributeError:
            cache = self._new_cache()
        block = Block(self, nbytes)
        try:
            block.nbytes = nbytes = index(nbytes)
            spans = cache.spans[(nbytes + self._round) >> self._shift]
            # No call from here on, where Ctrl-C could come between.
            block.span = span = spans[-1]
        except (KeyError, IndexError, TypeError):
            self.pool.fill(block, self.pool.units(nbytes))
            cache.misses += 1
            return block
        del spans[-1]
        cache.units -= span.units
        cache.hits += 1
        return block

    def free(self, block: Block) -> None:
        """As :meth:`BlockPool.free`, into the cache of the thread that calls.

        A thread that never allocated has none, nor has one that is at its end, where a new cache would stay for good.
        """
        cache = getattr(self._local, "cache", None)
        span = self._claim(block)
        if span is None:
            return
        if cache is None:
            self.orphans.append(span)
            return
        try:
            spans = cache.spans[span.units]
        except KeyError:
            spans = cache.spans[span.units] = []
        cache.units += span.units
        spans.append(span)
        if cache.units > self._cache_units:
            cache.hand_in()

    def block(self, nbytes: int) -> AbstractContextManager[Block]:
        """:meth:`allocate` on entry, :meth:`free` on exit."""
        return lease(self, nbytes)

    def empty_cache(self) -> None:
        """Give what the calling thread keeps to the shared pool; other threads do so when they end."""
        with suppress(AttributeError):
            self._local.cache.hand_in()

    def reset_high_water(self) -> None:
        """That of the shared pool."""
        self.pool.reset_high_water()

    @atomic
    def _claim(self, block: Block) -> Span | None:
        """What the block had; None where arrays of it live, of which the last one hands it in."""
        try:
            span = block.span
            owner = None if span.owner is None else span.owner()  # type: ignore[union-attr]
            # No call from here on: of two threads one gets past, and Ctrl-C comes before or after.
            if block.span is not span or block.pool is not self:
                raise refusal(block)
            block.span = None
        except AttributeError:
            raise refusal(block) from None
        if owner is not None:
            owner.orphans = self.orphans
            return None
        span.owner = None  # type: ignore[union-attr]
        return span

    def _new_cache(self) -> _Cache:
        cache = self._local.cache = _Cache(self.pool, self._past)
        with self.lock:
            self._caches.add(cache)
            while self._past:
                hits, misses = self._past.popleft()
                self._past_hits += hits
                self._past_misses += misses
        return cache

    def _counts(self) -> tuple[int, int]:
        """Hits and misses of all threads."""
        with self.lock:
            counts = [(cache.hits, cache.misses) for cache in self._caches]
            counts += [*self._past, (self._past_hits, self._past_misses)]
        return sum(hits for hits, _ in counts), sum(misses for _, misses in counts)

    @property
    def hits(self) -> int:
        return self._counts()[0]

    @property
    def misses(self) -> int:
        return self._counts()[1]

    @property
    def allocations(self) -> int:
        return sum(self._counts())

    @property
    def allocated_bytes(self) -> int:
        """Bytes of live blocks, without those that the threads keep."""
        allocated_bytes = (
            self.pool.allocated_bytes
        )  # first: what a thread hands in meanwhile is not taken off twice
        with self.lock:
            kept = sum(cache.units for cache in self._caches)
        return allocated_bytes - kept * self.alignment

    @property
    def reserved_bytes(self) -> int:
        """That of the shared pool, as are the following."""
        return self.pool.reserved_bytes

    @property
    def free_bytes(self) -> int:
        """Without what the threads keep: that is for blocks of its size alone."""
        return self.pool.free_bytes

    @property
    def largest_free_bytes(self) -> int:
        return self.pool.largest_free_bytes

    @property
    def high_water_allocated_bytes(self) -> int:
        """With what the threads kept."""
        return self.pool.high_water_allocated_bytes

    @property
    def high_water_reserved_bytes(self) -> int:
        return self.pool.high_water_reserved_bytes


class _Cache:
    """What one thread keeps: only that thread touches it, and what ends with the thread."""

    __slots__ = ("__weakref__", "_past", "hits", "misses", "pool", "spans", "units")

    def __init__(self, pool: BlockPool, past: deque[tuple[int, int]]) -> None:
        self.pool, self._past = pool, past
        self.spans: dict[int, list[Span]] = {}
        self.units = self.hits = self.misses = 0

    def hand_in(self) -> None:
        orphans = self.pool.orphans
        for spans in list(self.spans.values()):
            while spans:  # no call inside: at any moment, a span is here or there
                span = spans[-1]
                orphans += (span,)
                del spans[-1]
                self.units -= span.units

    def __del__(self) -> None:
        self.hand_in()
        self._past += ((self.hits, self.misses),)
        self.hits = self.misses = 0  # no call in between: counted here or there
