"""How far apart fresh processes are that time the same code."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FEWEST", "drift", "relative_band"]

FEWEST = 5  # processes from which on their spread is known


def relative_band(minima: Sequence[float]) -> float | None:
    """The second slowest over the fastest, minus one; ``None`` with fewer than five.

    The slowest is left out: a neighbor that wakes up during one process says nothing about all others.
    """
    if len(minima) < FEWEST:
        return None
    ordered = sorted(minima)
    return ordered[-2] / ordered[0] - 1


def drift(values: Sequence[float]) -> float:
    """How far the middle of the later half is from that of the earlier one, as a share; 0 with fewer than four."""
    half = len(values) // 2
    if half < 2:
        return 0.0
    early, late = median(values[:half]), median(values[-half:])
    return max(early, late) / min(early, late) - 1
