"""What a probe read.

Every test makes a dozen of these, and of its results: structs, because they are cheaper to make than dataclasses.
"""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import Struct

__all__ = ["Counters", "Reading", "Site"]


class Counters(Struct, frozen=True, kw_only=True, gc=False):
    """One look at a source of memory counters; ``None`` is what the source cannot tell."""

    allocated_bytes: int | None = None
    reserved_bytes: int | None = None
    free_bytes: int | None = None
    largest_free_bytes: int | None = None
    allocations: int | None = None
    frees: int | None = None
    hits: int | None = None
    misses: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Bytes held by the allocations of one source line."""

    file: str
    line: int
    bytes: int
    blocks: int
    text: str = ""
    via: str = ""  # "file:line" deeper in a library, where the user's own line is shown instead


class Reading(Struct, frozen=True, kw_only=True, gc=False):
    """One closed window of one probe: counters at both ends, high-water marks between, and the evidence."""

    probe: str
    before: Counters
    after: Counters
    high_water_allocated_bytes: int | None = None
    high_water_reserved_bytes: int | None = None
    broken: str = ""  # why these numbers prove nothing, e.g. the test itself stopped the source
    notes: tuple[str, ...] = ()  # how far the numbers can be trusted, in words for the reader

    @property
    def peak_bytes(self) -> int | None:
        """High-water mark of allocated bytes minus those at the start of the window."""
        if self.high_water_allocated_bytes is None or self.before.allocated_bytes is None:
            return None
        return self.high_water_allocated_bytes - self.before.allocated_bytes

    @property
    def retained_bytes(self) -> int | None:
        """Allocated bytes after the window minus before; negative when it released more than it took."""
        if self.after.allocated_bytes is None or self.before.allocated_bytes is None:
            return None
        return self.after.allocated_bytes - self.before.allocated_bytes
