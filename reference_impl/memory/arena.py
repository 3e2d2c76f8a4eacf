"""Arenas cut into spans: best fit, split and merge. Nothing here is safe to call from two threads at once."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np

from reference_impl.layout import aligned_empty

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Iterator

    from reference_impl.memory.block import Block

__all__ = ["Arena", "Arenas", "Owner", "Span", "new_owner", "owner_of"]

_START_BITS = 40  # of a hole's key: the size above, the place below
_MERGED = -1  # key of a span that is part of another


class Owner(np.ndarray[Any, Any]):
    """The bytes of a span, and the ``base`` of all its arrays: while one of them lives, so does this.

    NumPy leaves out whatever lies between an array and the memory, unless it is of another type: so the memory of an
    arena is of this type too.
    """

    __slots__ = ("block", "lease", "orphans", "span")
    span: Span | None
    block: Block | None  # kept as long as an array of it lives
    lease: int | None  # id() of the one array that stands for the block
    orphans: deque[Span] | None  # where the span goes with the last array; None while a block has it

    def __array_finalize__(self, obj: object) -> None:
        self.span = self.orphans = self.block = self.lease = None

    def __del__(self) -> None:
        orphans = getattr(self, "orphans", None)
        if orphans is not None:
            assert self.span is not None
            orphans.append(self.span)  # one step: whatever the pool is doing at this moment


class Arena:
    """One piece of memory; ``start`` is its place among all arenas of a pool, in units.

    Its spans lie between ``head`` and ``tail``, which are of no units and never holes.
    """

    __slots__ = ("head", "memory", "start", "tail", "units")

    def __init__(self, start: int, units: int, unit_bytes: int) -> None:
        self.start, self.units = start, units
        self.memory = aligned_empty(units * unit_bytes, np.uint8, alignment=unit_bytes).view(Owner)
        self.head, self.tail = Span(self, start, 0), Span(self, start + units, 0)
        self.head.after, self.tail.before = self.tail, self.head

    def append(self, span: Span) -> None:
        last = self.tail.before
        span.before, span.after, last.after, self.tail.before = last, self.tail, span, span

    @property
    def is_empty(self) -> bool:
        first = self.head.after
        return first.key > 0 and first.after is self.tail


class Span:
    """Stretch of an arena, linked to its neighbors by address.

    ``key`` is that of a hole, 0 while the span is taken, and below once it is part of another one. ``owner`` leads to
    what keeps arrays of it alive.
    """

    __slots__ = ("after", "arena", "before", "key", "owner", "start", "units")
    before: Span
    after: Span
    owner: ref[Owner] | None

    def __init__(self, arena: Arena, start: int, units: int) -> None:
        self.arena, self.start, self.units = arena, start, units
        self.owner = None
        self.key = 0


class Arenas:
    """All arenas of a pool and their holes, smallest first; sizes are counted in units of ``unit_bytes``.

    Ctrl-C leaves it whole. CPython looks for signals where a function begins, after one written in C, and where a loop
    goes back: so the spans, which are what counts, change in straight lines at the end of a method, without a call.
    The list of holes is changed before, and made again from the spans where that was cut short.
    """

    __slots__ = ("_holes", "_is_whole", "_keys", "_next_start", "arenas", "unit_bytes", "units")

    def __init__(self, unit_bytes: int) -> None:
        self.unit_bytes = unit_bytes
        self.arenas: list[Arena] = []
        self.units = 0
        self._next_start = 0
        self._keys: list[int] = []  # sorted; beside each its hole
        self._holes: list[Span] = []
        self._is_whole = True

    def add(self, units: int, taken: int) -> Span:
        """A new arena: its first span, of ``taken`` units, if any, and a hole behind it, if there is more."""
        self._mend()
        arena = Arena(self._next_start, units, self.unit_bytes)
        if taken:
            arena.append(Span(arena, arena.start, taken))
        if taken < units:
            hole = Span(arena, arena.start + taken, units - taken)
            hole.key = key = hole.units << _START_BITS | hole.start
            arena.append(hole)
            self._is_whole = False
            self._insert(key, hole)
        self._next_start += units
        self.arenas = [*self.arenas, arena]
        self.units += units
        self._is_whole = True
        return arena.head.after

    def drop(self, arena: Arena) -> None:
        """Give back an arena that is one hole, or one span that was taken."""
        self._mend()
        rest = [other for other in self.arenas if other is not arena]
        if arena.is_empty:
            self._is_whole = False
            self._forget(arena.head.after.key)
        del arena.memory
        self.arenas = rest
        self.units -= arena.units
        self._is_whole = True

    def __del__(self) -> None:
        # Arenas and spans refer to each other: without this the memory would wait for the garbage collector.
        for arena in self.arenas:
            del arena.memory

    def take(self, units: int) -> Span | None:
        """The front of the smallest hole that is large enough."""
        self._mend()
        keys = self._keys
        k = bisect_left(keys, units << _START_BITS)
        if k == len(keys):
            return None
        hole = self._holes[k]
        if hole.units == units:
            del keys[k], self._holes[k]
            hole.key = 0
            return hole
        span = Span(hole.arena, hole.start, units)
        start, left = hole.start + units, hole.units - units
        key = left << _START_BITS | start
        self._is_whole = False
        self._move(k, key, hole)
        before = hole.before
        span.before, span.after, before.after, hole.before = before, hole, span, span
        hole.start, hole.units, hole.key = start, left, key
        self._is_whole = True
        return span

    def put_back(self, span: Span) -> None:
        """Make a hole of ``span``, one with those beside it; nothing where it was done before."""
        if span.key:
            return
        self._mend()
        before, after = span.before, span.after
        low, high = before if before.key > 0 else span, after if after.key > 0 else span
        units = high.start + high.units - low.start
        key = units << _START_BITS | low.start
        self._is_whole = False
        if low is not span and high is not span:
            self._forget(high.key)
        if low is span and high is span:
            self._insert(key, low)
        else:
            self._move(bisect_left(self._keys, low.key or high.key), key, low)
        beyond = high.after
        low.after, beyond.before, low.units = beyond, low, units
        span.key = high.key = _MERGED
        low.key = key
        self._is_whole = True

    def _move(self, k: int, key: int, hole: Span) -> None:
        """Let ``hole`` stand where ``key`` belongs, in place of what stands at ``k``."""
        keys = self._keys
        if (k == 0 or keys[k - 1] < key) and (k + 1 == len(keys) or key < keys[k + 1]):
            keys[k], self._holes[k] = key, hole
            return
        del keys[k], self._holes[k]
        self._insert(key, hole)

    def _insert(self, key: int, hole: Span) -> None:
        k = bisect_left(self._keys, key)
        self._keys.insert(k, key)
        self._holes.insert(k, hole)

    def _forget(self, key: int) -> None:
        k = bisect_left(self._keys, key)
        del self._keys[k], self._holes[k]

    def _mend(self) -> None:
        if not self._is_whole:
            spans = (span for arena in self.arenas for span in self.spans(arena))
            holes = sorted((span for span in spans if span.key > 0), key=lambda hole: hole.key)
            keys = [hole.key for hole in holes]
            self._keys, self._holes, self._is_whole = keys, holes, True

    @property
    def largest_hole(self) -> int:
        if self._is_whole:
            return self._holes[-1].units if self._holes else 0
        spans = (
            span for arena in self.arenas for span in self.spans(arena)
        )  # changes nothing: may be called inside
        return max((span.units for span in spans if span.key > 0), default=0)

    def spans(self, arena: Arena) -> Iterator[Span]:
        """By address."""
        span = arena.head.after
        while span is not arena.tail:
            yield span
            span = span.after

    def compact(self) -> int:
        """Move every taken span of which no array lives as far to the front of its arena as it can go.

        Returns the units that were moved. Holes then lie between spans that cannot move, and at the end.
        """
        moved = 0
        for arena in self.arenas:
            for span in list(self.spans(arena)):
                if not span.key and span.before.key > 0 and owner_of(span) is None:
                    self._swap(span.before, span)
                    moved += span.units
        return moved

    def _swap(self, hole: Span, span: Span) -> None:
        """Let ``span`` and its contents, which come right behind ``hole``, come right before it."""
        self._mend()
        before, after, arena = hole.before, span.after, span.arena
        high = after if after.key > 0 else hole
        beyond = after.after if after.key > 0 else after
        units = hole.units if high is hole else hole.units + high.units
        first, start = hole.start, hole.start + span.units
        key = units << _START_BITS | start
        memory = arena.memory.data
        source, target = ((at - arena.start) * self.unit_bytes for at in (span.start, first))
        count = span.units * self.unit_bytes
        self._is_whole = False
        self._forget(hole.key)
        if high is not hole:
            self._forget(high.key)
        self._insert(key, hole)
        memory[target : target + count] = memory[source : source + count]  # may overlap
        span.start, hole.start, hole.units = first, start, units
        span.before, span.after, before.after = before, hole, span
        hole.before, hole.after, beyond.before = span, beyond, hole
        high.key = _MERGED
        hole.key = key
        self._is_whole = True


def owner_of(span: Span) -> Owner | None:
    """What the arrays of ``span`` keep alive; None where there is none."""
    return None if span.owner is None else span.owner()


def new_owner(span: Span, unit_bytes: int) -> Owner:
    start = (span.start - span.arena.start) * unit_bytes
    owner: Owner = span.arena.memory[start : start + span.units * unit_bytes]  # type: ignore[assignment]
    owner.span = span
    span.owner = ref(owner)
    return owner
