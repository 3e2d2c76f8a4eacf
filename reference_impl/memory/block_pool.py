"""Blocks of any size out of one arena."""

from __future__ import annotations

import sys
from collections import deque
from operator import index
from typing import TYPE_CHECKING, Any, Literal, get_args

from reference_impl.layout.aligned import CACHE_LINE_BYTES
from reference_impl.memory.arena import Arenas, owner_of
from reference_impl.memory.block import Block, lease, refusal
from reference_impl.memory.errors import PoolError, PoolExhaustedError
from reference_impl.memory.ledger import Counted, Ledger, atomic
from reference_impl.whole import whole

if TYPE_CHECKING:
    from collections.abc import Callable
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
        if when_full not in get_args(WhenFull):
            raise PoolError(f"got when_full={when_full!r}, allowed: {', '.join(get_args(WhenFull))}")
        alignment = whole(alignment, "alignment", PoolError)
        if alignment < 1 or alignment & (alignment - 1):
            raise PoolError(f"got alignment={alignment}, allowed: a power of two")
        self.alignment = alignment
        self._round, self._shift = alignment - 1, alignment.bit_length() - 1
        self.when_full: WhenFull = when_full
        if whole(capacity_bytes, "capacity_bytes", PoolError) < 1:
            raise PoolError(f"got capacity_bytes={capacity_bytes}, allowed: >= 1")
        self._capacity = self.units(capacity_bytes)
        self._ledger = Ledger()
        self.lock = self._ledger.lock
        self._is_at_work = False
        self.hits = self.misses = 0
        self._arenas = Arenas(alignment)
        self._warm: dict[int, list[Span]] = {}  # freed, by size, and not merged yet
        self._unsettled: dict[int, list[Span]] = {}  # what was warm, while it is being merged
        self._warm_spans = 0
        self.orphans: deque[Span] = deque()  # dropped, or freed while arrays of them lived
        self._home = self._arenas.add(self._capacity, 0).arena
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
        if self.orphans:
            self._alone()
        block = Block(self, nbytes)
        try:
            block.nbytes = nbytes = index(nbytes)
            spans = self._warm[(nbytes + self._round) >> self._shift]
            # No call from here on, where Ctrl-C or another thread could come between.
            block.span = span = spans[-1]
        except (KeyError, IndexError, TypeError):
            self.fill(block, self.units(nbytes))
            return block
        del spans[-1]
        self._warm_spans -= 1
        self.hits += 1
        ledger = self._ledger
        ledger.allocated = allocated = ledger.allocated + span.units * self.alignment
        if allocated > ledger.high_allocated:  # noqa: PLR1730 - max() is a call
            ledger.high_allocated = allocated
        return block

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
            owner = None if span.owner is None else span.owner()  # type: ignore[union-attr]
            # No call from here on: of two threads one gets past, and Ctrl-C comes before or after.
            if block.span is not span or block.pool is not self:
                raise refusal(block)
            block.span = None
        except AttributeError:
            raise refusal(block) from None
        if owner is not None:
            owner.orphans = self.orphans
            return
        try:
            spans = self._warm[span.units]  # type: ignore[union-attr]
        except KeyError:
            spans = None
        if spans is None or (self.when_full == "fallback" and span.arena is not self._home):  # type: ignore[union-attr]
            self.orphans.append(span)  # type: ignore[arg-type]
            self._alone()
            return
        span.owner = None  # type: ignore[union-attr]
        ledger = self._ledger
        ledger.frees += 1
        ledger.allocated -= span.units * self.alignment  # type: ignore[union-attr]
        self._warm_spans += 1
        spans.append(span)  # type: ignore[arg-type]
        if self._warm_spans > _MOST_WARM:
            self._alone(self._settle)

    def block(self, nbytes: int) -> AbstractContextManager[Block]:
        """:meth:`allocate` on entry, :meth:`free` on exit."""
        return lease(self, nbytes)

    def compact(self) -> int:
        """Move blocks together, so that free memory is one stretch; returns the bytes that were moved.

        Blocks of which an array lives stay where they are. Contents move with their blocks, and addresses change.
        """
        moved = 0

        def compact() -> None:
            nonlocal moved
            self._settle()
            moved = self._arenas.compact()

        self._alone(compact)
        return moved * self.alignment

    def empty_cache(self) -> None:
        """Give the arenas back to the system that were added when this one was full, where nothing is in them."""
        self._alone(self._empty)

    def reset_high_water(self) -> None:
        """Let both high-water marks start again from the present values."""
        self._alone()
        ledger = self._ledger
        ledger.high_allocated, ledger.high_reserved = ledger.allocated, ledger.reserved

    def fill(self, block: Block, units: int) -> None:
        """Give ``block`` room for so many times ``alignment`` bytes; errors as of :meth:`allocate`."""
        if not self._alone(self._fill, block, units):
            raise PoolError(
                f"got a request for {block.nbytes} B by a finalizer or a signal handler in the midst of another "
                "request; allowed there: what gives back"
            )

    def _alone(self, work: Callable[..., object] | None = None, *arguments: Any) -> bool:
        """Take back what came back, and do ``work``, with nobody else in the arenas.

        False, and nothing done, in the midst of that: where a finalizer or a signal handler asks for it.
        """
        with self.lock:
            if self._is_at_work:
                return False
            self._is_at_work = True
            try:
                self._collect()
                if work is not None:
                    work(*arguments)
            finally:
                self._is_at_work = False
        return True

    def _collect(self) -> None:
        if self._unsettled:  # Ctrl-C
            self._settle()
        orphans, warm = self.orphans, self._warm
        while orphans:
            span = orphans[0]
            owner = owner_of(span)
            if owner is not None:  # which hands it in at its end
                owner.orphans = orphans
                del orphans[0], owner
                continue
            if self.when_full == "fallback" and span.arena is not self._home:
                self._drop(span.arena)
                del orphans[0]
                ledger = self._ledger
                ledger.frees += 1
                ledger.allocated -= span.units * self.alignment
                continue
            if span.units not in warm:
                warm[span.units] = []
            # No call from here on.
            del orphans[0]
            span.owner = None
            ledger = self._ledger
            ledger.frees += 1
            ledger.allocated -= span.units * self.alignment
            self._warm_spans += 1
            warm[span.units] += [span]
        if self._warm_spans > _MOST_WARM:
            self._settle()

    def _settle(self) -> None:
        """Merge what is warm with the free memory beside it."""
        for _ in range(2):  # what was left when Ctrl-C came, and what there is
            for spans in self._unsettled.values():
                while spans:
                    self._arenas.put_back(spans[-1])
                    del spans[-1]
            self._unsettled, self._warm, self._warm_spans = self._warm, {}, 0

    def _empty(self) -> None:
        self._settle()
        for arena in self._arenas.arenas[1:]:
            if arena.is_empty:
                self._drop(arena)

    def _drop(self, arena: Arena) -> None:
        self._arenas.drop(arena)
        self._ledger.reserved -= arena.units * self.alignment

    def _fill(self, block: Block, units: int) -> None:
        span = self._arenas.take(units)
        if span is None and self._warm_spans:
            self._settle()
            span = self._arenas.take(units)
        if span is None:
            span = self._more(units)
            self.misses += 1
        else:
            self.hits += 1
        block.span = span
        ledger = self._ledger
        ledger.allocated = allocated = ledger.allocated + units * self.alignment
        if allocated > ledger.high_allocated:  # noqa: PLR1730 - as in allocate()
            ledger.high_allocated = allocated

    def _more(self, units: int) -> Span:
        if self.when_full == "raise":
            raise PoolExhaustedError(
                f"got {units * self.alignment} B, allowed: up to {self.largest_free_bytes} B, the largest free stretch "
                f"of {self.free_bytes} B that are free of {self.reserved_bytes} B"
            )
        grown = units if self.when_full == "fallback" else max(units, self._capacity)
        span = self._arenas.add(grown, units)
        ledger = self._ledger
        ledger.reserved = reserved = ledger.reserved + grown * self.alignment
        if reserved > ledger.high_reserved:  # noqa: PLR1730 - as in allocate()
            ledger.high_reserved = reserved
        return span

    def units(self, nbytes: int) -> int:
        """Of ``alignment`` bytes, rounded up; at least one."""
        try:
            count = index(nbytes)
        except TypeError:
            raise PoolError(f"got {nbytes!r} bytes, allowed: a whole number >= 0") from None
        if count < 0:
            raise PoolError(f"got {count} B, allowed: >= 0")
        units = (count + self._round) >> self._shift or 1
        if units << self._shift > sys.maxsize:
            raise PoolError(f"got {count} B, allowed: up to {sys.maxsize}, what can be addressed")
        return units

    @property
    def allocated_bytes(self) -> int:
        """Bytes of live blocks, each rounded up to ``alignment``."""
        self._alone()
        return super().allocated_bytes

    @property
    def largest_free_bytes(self) -> int:
        """Bytes of the largest free stretch: what can be allocated at once."""
        with self.lock:
            self._alone(self._settle)
            return self._arenas.largest_hole * self.alignment

    @property
    def frees(self) -> int:
        """Blocks that came back, freed or dropped, with all their arrays."""
        self._alone()
        return super().frees
