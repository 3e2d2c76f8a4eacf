"""Blocks of any size out of one arena."""

from __future__ import annotations

import operator
import sys
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, get_args

from reference_impl.layout.aligned import CACHE_LINE_BYTES
from reference_impl.memory.arena import Arenas, owner_of
from reference_impl.memory.block import Block, lease, refusal
from reference_impl.memory.errors import PoolError, PoolExhaustedError
from reference_impl.memory.ledger import Counted, Ledger, atomic

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from reference_impl.memory.arena import Arena, Span

__all__ = ["BlockPool", "WhenFull"]

WhenFull = Literal["raise", "grow", "fallback"]
_MOST_WARM = 1024  # freed spans that wait for a request of their size before they are merged


class BlockPool(Counted):
    """An allocator over one arena, made before anything is asked for: best fit, split, and merged when freed.

    Parameters
    ----------
    capacity_bytes
        Of the arena, rounded up to ``alignment``. Its pages are the system's until they are written to.
    alignment
        Of every block, and what sizes are rounded up to; a power of two.
    when_full
        What becomes of a request that no free stretch can hold. ``"raise"``: an error. ``"grow"``: another arena as
        large as the first, or as the request, which stays until :meth:`empty_cache`. ``"fallback"``: memory of its
        own from the system, which gets it back when the block is freed.

    Attributes
    ----------
    hits, misses : int
        Requests served from memory that the pool had, and those for which it had to ask the system.

    Raises
    ------
    PoolError
        For a capacity below one byte, an alignment that is no power of two, and another ``when_full``.

    Notes
    -----
    Threads may share a pool. What was freed is kept for requests of its size for a while, and merged with the free
    memory beside it when a request finds no room, or somebody asks for :attr:`largest_free_bytes`.
    """

    def __init__(
        self,
        capacity_bytes: int,
        *,
        alignment: int = CACHE_LINE_BYTES,
        when_full: WhenFull = "raise",
    ) -> None:
        if alignment < 1 or alignment & (alignment - 1):
            raise PoolError(f"got alignment={alignment}, allowed: a power of two")
        if capacity_bytes == 0:
            raise PoolError("got capacity_bytes=0, allowed: >= 1")
        if when_full not in get_args(WhenFull):
            raise PoolError(f"got when_full={when_full!r}, allowed: {', '.join(get_args(WhenFull))}")
        self.alignment = alignment
        self.when_full: WhenFull = when_full
        self._ledger = Ledger()
        self.lock = self._ledger.lock
        self.hits = self.misses = 0
        self._shift = alignment.bit_length() - 1
        self._arenas = Arenas(alignment)
        self._warm: dict[int, list[Span]] = {}  # freed, by size, and not merged yet
        self._warm_spans = 0
        self._orphans: deque[Span] = deque()  # dropped, or freed while arrays of them lived
        self._capacity = self.units(capacity_bytes)
        self._home = self._arenas.add(self._capacity).arena
        self._arenas.put_back(self._home.first)
        self._ledger.reserved = self._ledger.high_reserved = self._capacity * alignment

    @atomic
    def allocate(self, nbytes: int) -> Block:
        """A block of ``nbytes``; one of zero bytes takes as much room as one of one.

        Raises
        ------
        PoolError
            For a negative size, and one that is no whole number.
        PoolExhaustedError
            When no free stretch is large enough, by ``when_full="raise"``. It is a :class:`MemoryError` too.
        MemoryError
            When the system has no memory left, by the others.
        """
        if self._orphans:
            self._collect()
        try:
            units = (nbytes + self.alignment - 1) >> self._shift
            span = self._warm[units].pop()
        except (KeyError, IndexError, TypeError):
            span = self.take(self.units(nbytes))
        else:
            self._warm_spans -= 1
            self.hits += 1
            ledger = self._ledger
            ledger.allocated = allocated = ledger.allocated + units * self.alignment
            if allocated > ledger.high_allocated:  # noqa: PLR1730 - max() is a call: slower, and threads may switch
                ledger.high_allocated = allocated
        return Block(self, span, nbytes)

    @atomic
    def free(self, block: Block) -> None:
        """Take ``block`` back; its memory is reused once no array of it lives.

        Raises
        ------
        PoolError
            For a block that was freed before, of another pool, or no block. The pool is unchanged.
        """
        try:
            span = block.span
            # From here to the assignment there is no call: of two threads, one gets past.
            if span is None or block.pool is not self:
                raise refusal(block)
            block.span = None
        except AttributeError:
            raise refusal(block) from None
        if span.owner is None or not self.is_kept(span):
            self._return(span)

    def block(self, nbytes: int) -> AbstractContextManager[Block]:
        """:meth:`allocate` on entry, :meth:`free` on exit."""
        return lease(self, nbytes)

    def compact(self) -> int:
        """Move blocks together, so that free memory is one stretch; returns the bytes that were moved.

        Blocks of which an array lives stay where they are. Contents move with their blocks, and addresses change.
        """
        with self.lock:
            self._collect()
            self._settle()
            return self._arenas.compact() * self.alignment

    def empty_cache(self) -> None:
        """Give the arenas back to the system that were added when this one was full, where nothing is in them."""
        with self.lock:
            self._collect()
            self._settle()
            for arena in self._arenas.arenas[1:]:
                if arena.first.key and arena.first.after is None:
                    self._drop(arena)

    def reset_high_water(self) -> None:
        """Let both high-water marks start again from the present values."""
        with self.lock:
            self._collect()
            self._ledger.high_allocated = self._ledger.allocated
            self._ledger.high_reserved = self._ledger.reserved

    def take(self, units: int) -> Span:
        """Room for so many times ``alignment`` bytes; errors as of :meth:`allocate`."""
        ledger = self._ledger
        with ledger.lock:
            span = self._arenas.take(units)
            if span is None and self._warm_spans:
                self._settle()
                span = self._arenas.take(units)
            if span is None:
                span = self._more(units)
                self.misses += 1
            else:
                self.hits += 1
            ledger.allocated = allocated = ledger.allocated + units * self.alignment
            if allocated > ledger.high_allocated:  # noqa: PLR1730 - as in allocate()
                ledger.high_allocated = allocated
            return span

    def hand_in(self, *spans: Span) -> None:
        """Take back what nobody has any more, at any moment: nothing is touched but a queue."""
        for span in spans:
            if not self.is_kept(span):
                self._orphans.append(span)

    def is_kept(self, span: Span) -> bool:
        """Whether an array of it lives, which then hands it in at its end."""
        owner = owner_of(span)
        if owner is None:
            return False
        owner.orphans = self._orphans
        return True

    def _collect(self) -> None:
        with suppress(IndexError):  # another thread was faster
            while self._orphans:
                self._return(self._orphans.popleft())

    def _return(self, span: Span) -> None:
        units, ledger = span.units, self._ledger
        span.owner = None
        ledger.frees += 1
        ledger.allocated -= units * self.alignment
        if span.arena is not self._home and self.when_full == "fallback":
            self._drop(span.arena)
            return
        self._warm_spans += 1
        try:
            self._warm[units].append(span)
        except KeyError:
            with ledger.lock:  # or another thread settles the list before there is anything in it
                self._warm.setdefault(units, []).append(span)
        if self._warm_spans > _MOST_WARM:
            self._settle()

    def _settle(self) -> None:
        """Merge what is warm with the free memory beside it."""
        with self.lock:
            warm, self._warm = self._warm, {}
            for spans in warm.values():
                for span in spans:
                    self._warm_spans -= 1
                    self._arenas.put_back(span)

    def _drop(self, arena: Arena) -> None:
        with self.lock:
            self._arenas.drop(arena)
            self._ledger.reserved -= arena.units * self.alignment

    def _more(self, units: int) -> Span:
        if self.when_full == "raise":
            raise PoolExhaustedError(
                f"got {units * self.alignment} B, allowed: up to {self.largest_free_bytes} B, the largest free stretch "
                f"of {self.free_bytes} B that are free of {self.reserved_bytes} B"
            )
        grown = units if self.when_full == "fallback" else max(units, self._capacity)
        span = self._arenas.add(grown)
        ledger = self._ledger
        ledger.reserved += grown * self.alignment
        ledger.high_reserved = max(ledger.high_reserved, ledger.reserved)
        if grown == units:
            return span
        self._arenas.put_back(span)
        taken = self._arenas.take(units)
        assert taken is not None
        return taken

    def units(self, nbytes: int) -> int:
        """Of ``alignment`` bytes, rounded up; at least one."""
        try:
            if nbytes < 0:
                raise PoolError(f"got {nbytes} B, allowed: >= 0")
            units = (operator.index(nbytes) + self.alignment - 1) >> self._shift or 1
        except TypeError:
            raise PoolError(f"got {nbytes!r} bytes, allowed: a whole number >= 0") from None
        if units << self._shift > sys.maxsize:
            raise PoolError(f"got {nbytes} B, allowed: up to {sys.maxsize}, what can be addressed")
        return units

    @property
    def allocated_bytes(self) -> int:
        """Bytes of live blocks, each rounded up to ``alignment``."""
        self._collect()
        return super().allocated_bytes

    @property
    def largest_free_bytes(self) -> int:
        """Bytes of the largest free stretch: what can be allocated at once."""
        with self.lock:
            self._collect()
            self._settle()
            return self._arenas.largest_hole * self.alignment

    @property
    def frees(self) -> int:
        """Blocks that came back, freed or dropped, with all their arrays."""
        self._collect()
        return super().frees
