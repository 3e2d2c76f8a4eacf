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
    """One piece of memory; ``start`` is its place among all arenas of a pool, in units."""

    __slots__ = ("first", "memory", "start", "units")

    def __init__(self, start: int, units: int, unit_bytes: int) -> None:
        self.start, self.units = start, units
        self.memory = aligned_empty(units * unit_bytes, np.uint8, alignment=unit_bytes).view(Owner)
        self.first = Span(self, start, units)


class Span:
    """Stretch of an arena, linked to its neighbors by address.

    ``key`` is that of a hole, and 0 while the span is taken. ``owner`` leads to what keeps arrays of it alive.
    """

    __slots__ = ("after", "arena", "before", "key", "owner", "start", "units")
    before: Span | None
    after: Span | None
    owner: ref[Owner] | None

    def __init__(self, arena: Arena, start: int, units: int) -> None:
        self.arena, self.start, self.units = arena, start, units
        self.before = self.after = self.owner = None
        self.key = 0


class Arenas:
    """All arenas of a pool and their holes, smallest first; sizes are counted in units of ``unit_bytes``."""

    __slots__ = ("_holes", "_keys", "_next_start", "arenas", "unit_bytes", "units")

    def __init__(self, unit_bytes: int) -> None:
        self.unit_bytes = unit_bytes
        self.arenas: list[Arena] = []
        self.units = 0
        self._next_start = 0
        self._keys: list[int] = []  # sorted; beside each its hole
        self._holes: list[Span] = []

    def add(self, units: int) -> Span:
        """A new arena, as one span that is taken."""
        arena = Arena(self._next_start, units, self.unit_bytes)
        self._next_start += units
        self.arenas.append(arena)
        self.units += units
        return arena.first

    def drop(self, arena: Arena) -> None:
        """Give back an arena that is one hole, or one span that was taken."""
        assert arena.first.after is None
        if arena.first.key:
            self._forget(arena.first)
        self.arenas.remove(arena)
        self.units -= arena.units
        del arena.memory

    def __del__(self) -> None:
        # Arenas and spans refer to each other: without this the memory would wait for the garbage collector.
        for arena in self.arenas:
            del arena.memory

    def take(self, units: int) -> Span | None:
        """The front of the smallest hole that is large enough."""
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
        before = hole.before
        span.before, span.after, hole.before = before, hole, span
        if before is None:
            hole.arena.first = span
        else:
            before.after = span
        hole.start += units
        hole.units -= units
        self._place(hole, k)
        return span

    def put_back(self, span: Span) -> None:
        """Make a hole of ``span``, one with those beside it."""
        before, after = span.before, span.after
        if after is not None and after.key:
            after.start, after.units, after.before = span.start, after.units + span.units, before
            if before is None:
                span.arena.first = after
            else:
                before.after = after
            self._place(after, bisect_left(self._keys, after.key))
            span = after
        elif before is None or not before.key:
            key = span.key = span.units << _START_BITS | span.start
            k = bisect_left(self._keys, key)
            self._keys.insert(k, key)
            self._holes.insert(k, span)
            return
        if before is not None and before.key:
            if span.key:
                self._forget(span)
            before.units += span.units
            before.after = after = span.after
            if after is not None:
                after.before = before
            self._place(before, bisect_left(self._keys, before.key))

    def _place(self, hole: Span, k: int) -> None:
        """Move ``hole``, which stands at ``k`` for what it was, to where it belongs now."""
        keys = self._keys
        key = hole.key = hole.units << _START_BITS | hole.start
        if (k == 0 or keys[k - 1] < key) and (k + 1 == len(keys) or key < keys[k + 1]):
            keys[k] = key
            return
        del keys[k], self._holes[k]
        k = bisect_left(keys, key)
        keys.insert(k, key)
        self._holes.insert(k, hole)

    def _forget(self, hole: Span) -> None:
        k = bisect_left(self._keys, hole.key)
        del self._keys[k], self._holes[k]
        hole.key = 0

    @property
    def largest_hole(self) -> int:
        return self._holes[-1].units if self._holes else 0

    def spans(self, arena: Arena) -> Iterator[Span]:
        """By address."""
        span: Span | None = arena.first
        while span is not None:
            yield span
            span = span.after

    def compact(self) -> int:
        """Move every taken span of which no array lives as far to the front of its arena as it can go.

        Returns the units that were moved. Holes then lie between spans that cannot move, and at the end.
        """
        return sum(self._compact(arena) for arena in self.arenas)

    def _compact(self, arena: Arena) -> int:
        moved = 0
        memory = arena.memory.data
        for span in list(self.spans(arena)):
            hole = span.before
            if span.key or hole is None or not hole.key or owner_of(span) is not None:
                continue
            self._forget(hole)
            source, target = ((at - arena.start) * self.unit_bytes for at in (span.start, hole.start))
            count = span.units * self.unit_bytes
            memory[target : target + count] = memory[source : source + count]  # may overlap
            self._swap(hole, span)
            self.put_back(hole)
            moved += span.units
        return moved

    def _swap(self, hole: Span, span: Span) -> None:
        """Let ``span``, which comes right behind ``hole``, come right before it."""
        before, after = hole.before, span.after
        span.start, hole.start = hole.start, hole.start + span.units
        span.before, span.after, hole.before, hole.after = before, hole, span, after
        if before is None:
            span.arena.first = span
        else:
            before.after = span
        if after is not None:
            after.before = hole


def owner_of(span: Span) -> Owner | None:
    """What the arrays of ``span`` keep alive; None where there is none."""
    return None if span.owner is None else span.owner()


def new_owner(span: Span, unit_bytes: int) -> Owner:
    start = (span.start - span.arena.start) * unit_bytes
    owner: Owner = span.arena.memory[start : start + span.units * unit_bytes]  # type: ignore[assignment]
    owner.span = span
    span.owner = ref(owner)
    return owner
