"""How many calls make a slice, who goes first, and one number out of a pair of processes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from pytest_memguard.model.timing import SideName

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_memguard.timing.settings import SliceSettings

__all__ = ["SlicePlan", "calibration_size", "pair_error", "pair_ratio", "plan", "turns"]

_FEWEST = 8  # slices of a side that a pair is cut down to


@dataclass(frozen=True, slots=True, kw_only=True)
class SlicePlan:
    """A slice is ``batches`` readings of the clock, each over ``size`` calls; a pair has ``slices`` of each side."""

    batches: int
    size: int
    slices: int

    @property
    def drops_first(self) -> bool:
        """Not where a slice is one call: that has been warmed up by the calibration, and costs too much."""
        return self.batches * self.size > 1

    def slices_of(self, factor: float) -> int:
        """Even, of a pair that is to be ``factor`` times as long."""
        return max(min(self.slices, _FEWEST), 2 * round(factor * self.slices / 2))


def calibration_size(size: int, seconds: float, *, settings: SliceSettings) -> int | None:
    """How many calls to try next; ``None`` once a reading of ``size`` calls is long enough to be believed."""
    wanted = 5 * settings.batch_seconds
    if seconds >= wanted:
        return None
    return size * max(2, min(10, math.ceil(wanted / max(seconds, 1e-9))))


def plan(call_seconds: float, wall_seconds: float, settings: SliceSettings) -> SlicePlan:
    """For calls of ``call_seconds``, each ``wall_seconds`` long with its setup and teardown."""
    call_seconds = max(call_seconds, 1e-9)
    size = max(1, round(settings.batch_seconds / call_seconds))
    batches = max(math.ceil(settings.slice_seconds / (size * call_seconds) - 1e-9), 1)
    slices = math.ceil(settings.side_seconds / (batches * size * call_seconds) - 1e-9)
    # Untimed setup is paid in full: fewer slices first, then shorter ones, but never less than one block of turns.
    longest = settings.setup_factor * max(settings.side_seconds, 2 * call_seconds)
    affordable = max(1, int(longest / max(wall_seconds, 1e-9)))
    slices = min(slices, affordable // (batches * size))
    if slices < 2:
        slices = 2
        size = max(1, min(size, affordable // (2 * batches)))
        batches = max(1, min(batches, affordable // (2 * size)))
    return SlicePlan(batches=batches, size=size, slices=slices + slices % 2)


def turns(slices: int, first: SideName) -> Iterator[SideName]:
    """ABBA ABBA...: being second costs up to 1.8 %, and a drift in time cancels."""
    second = SideName.HEAD if first is SideName.BASE else SideName.BASE
    for _ in range(slices // 2):
        yield from (first, second, second, first)


def pair_ratio(base: Sequence[float], head: Sequence[float]) -> float:
    """ln(head / base) of the seconds per call in every slice, in the order of :func:`turns`.

    The median over slices that follow each other. Their number is even, and each side is first in every other one: what
    being second costs cancels.
    """
    return median(math.log(h / b) for b, h in zip(base, head, strict=True))


def pair_error(base: Sequence[float], head: Sequence[float]) -> float:
    """How far off :func:`pair_ratio` is for the noise within the pair: half of what its two halves differ by.

    Squared, it is the variance that the ratio would have if all pairs were alike.
    """
    middle = len(base) // 2
    return abs(pair_ratio(base[:middle], head[:middle]) - pair_ratio(base[middle:], head[middle:])) / 2
