"""Ratios over a pool's counters; ``None`` where the pool cannot tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_memguard.model import Counters, Reading

__all__ = ["external_fragmentation", "fragmentation", "hit_rate"]

_LEAST_RESERVED_BYTES = 2**20  # below it a handful of blocks decides, and the ratio means nothing


def fragmentation(reading: Reading) -> float | None:
    """1 - high-water allocated / high-water reserved; 0.0 below 1 MiB reserved."""
    allocated, reserved = reading.high_water_allocated_bytes, reading.high_water_reserved_bytes
    if allocated is None or reserved is None:
        return None
    return 1 - allocated / reserved if reserved >= _LEAST_RESERVED_BYTES else 0.0


def external_fragmentation(counters: Counters) -> float | None:
    """1 - largest free block / all free bytes; 0.0 when nothing is free."""
    if counters.free_bytes is None or counters.largest_free_bytes is None:
        return None
    return 1 - counters.largest_free_bytes / counters.free_bytes if counters.free_bytes else 0.0


def hit_rate(before: Counters, after: Counters) -> float | None:
    """Hits / (hits + misses) within the window; ``None`` when nothing was asked for."""
    if before.hits is None or after.hits is None or before.misses is None or after.misses is None:
        return None
    hits, misses = after.hits - before.hits, after.misses - before.misses
    return hits / (hits + misses) if hits + misses else None
