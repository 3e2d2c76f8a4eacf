"""Does memory retained grow with every call, or did it only grow for a while?

A single difference proves nothing: first calls initialize, caches fill, buffers double and stand still in between.
So the bytes retained are looked at as a series over calls, and only growth that lasts is a leak.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from pytest_memguard.stats.line import fit_line

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Growth", "Trend", "summarize_fixed", "summarize_growth"]

_CONFIDENCE = (
    0.999  # of the slope where readings jitter: one false alarm in a thousand looks, and it takes several
)
_FADING = 0.3  # the last calls grew at less than this share of the rate over all: it is not settled
_SMALLEST_LEAK_BYTES = 6  # per call: no object is smaller than a pointer
_RESIZED_FLOORS = 3  # of noise: dictionaries of the interpreter or the runner were resized ...
_RESIZED_STEPS = 2  # ... in so many steps at most
_STEPS = 64  # at most, in which the growth of the calls that decide is seen
_ENOUGH_FOR_A_SLOPE = 48  # readings: where memory rises and falls, more calls would not tell more


class Trend(Enum):
    """How the bytes retained develop over the calls."""

    NONE = "no growth"
    FADED = "growth that stopped"
    STEADY = "growth in call after call"
    UNCLEAR = "growth that neither stopped nor lasted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """The trend, and the bytes by which one call grew memory on average."""

    trend: Trend
    bytes_per_call: float
    calls: int


@dataclass(frozen=True, slots=True)
class _Steps:
    """Where a series reached new heights."""

    rises: tuple[int, ...]  # calls after which it did
    longest_pause: int  # calls between two rises, or before the first
    trailing_pause: int  # calls since the last rise
    falls: bool  # it also fell by more than the noise
    grow: bool  # the last rise is the largest: a buffer that doubles, not a cache that fills


def _steps(calls: Sequence[int], retained: Sequence[int], floor_bytes: int, late_bytes: int) -> _Steps:
    """``late_bytes`` were added in the calls that decide: what is tiny beside them neither starts nor ends a pause."""
    # Summed up over calls, so that a slow growth is seen as well.
    step_bytes = max(32, floor_bytes // 8, late_bytes // _STEPS)
    height, rises, falls = retained[0], [], False
    heights: list[int] = []
    longest_pause, last_rise = 0, calls[0]
    for index in range(1, len(calls)):
        if retained[index] > height + step_bytes:
            heights.append(retained[index] - height)
            height = retained[index]
            # A rise between two readings lies anywhere between them: the pause ended at the earlier one.
            longest_pause = max(longest_pause, calls[index - 1] - last_rise)
            rises.append(calls[index])
            last_rise = calls[index]
        elif retained[index] < height - max(step_bytes, floor_bytes):
            falls = True
    grow = len(heights) > 1 and heights[-1] > 1.5 * max(heights[:-1])
    return _Steps(tuple(rises), longest_pause, calls[-1] - last_rise, falls, grow)


def summarize_growth(
    calls: Sequence[int],
    retained: Sequence[int],
    *,
    allowed_bytes_per_call: float,
    floor_bytes: int,
    is_last: bool,
) -> Growth:
    """The trend of ``retained[i]`` bytes after ``calls[i]`` calls (increasing, eight at least).

    The last three quarters of the calls decide: whatever doubles grows at least once in them. ``floor_bytes`` is the
    probe's noise over all of them, not per call. Unless ``is_last``, ``UNCLEAR`` means that more calls would tell.
    """
    first = bisect_left(calls, calls[-1] / 4)
    trend = _trend(
        calls[first:],
        retained[first:],
        (calls, retained),
        allowed_bytes_per_call,
        floor_bytes,
        is_last=is_last,
    )
    return _growth(trend, calls[first:], retained[first:])


def summarize_fixed(retained: Sequence[int], *, allowed_bytes_per_call: float, floor_bytes: int) -> Growth:
    """The trend over a fixed number of calls: ``retained[i]`` after ``i`` calls, two at least.

    The first call is taken for the one that initializes.
    """
    calls, later = range(1, len(retained)), retained[1:]
    trend = _trend(calls, later, (calls, later), allowed_bytes_per_call, floor_bytes, is_last=True)
    return _growth(trend, calls, later)


def _growth(trend: Trend, calls: Sequence[int], retained: Sequence[int]) -> Growth:
    per_call = (retained[-1] - retained[0]) / (calls[-1] - calls[0])
    return Growth(trend=trend, bytes_per_call=per_call, calls=calls[-1])


def _trend(  # noqa: PLR0911 - one return per trend and its evidence reads better than a ladder
    calls: Sequence[int],
    retained: Sequence[int],
    whole: tuple[Sequence[int], Sequence[int]],
    allowed_bytes_per_call: float,
    floor_bytes: int,
    *,
    is_last: bool,
) -> Trend:
    span = calls[-1] - calls[0]
    net_bytes = retained[-1] - retained[0]
    allowed_bytes = max(floor_bytes, _SMALLEST_LEAK_BYTES * span) + allowed_bytes_per_call * span
    late_bytes = max(retained) - min(retained)
    if late_bytes <= allowed_bytes or (is_last and net_bytes <= allowed_bytes):
        return Trend.NONE
    if len(calls) == 2:
        return Trend.STEADY if is_last else Trend.UNCLEAR
    steps = _steps(*whole, floor_bytes, late_bytes)
    if steps.falls and (is_last or len(calls) >= _ENOUGH_FOR_A_SLOPE):
        line = fit_line(calls, retained, confidence=_CONFIDENCE)
        if line.lower * span <= allowed_bytes:
            return Trend.NONE
    if not is_last:
        return Trend.UNCLEAR
    if steps.trailing_pause >= max(2, span // 8) and steps.longest_pause < max(1, steps.trailing_pause // 4):
        return Trend.FADED
    is_resized = net_bytes <= allowed_bytes + _RESIZED_FLOORS * floor_bytes
    # Of three calls there are not more than two steps to see.
    chance = min(_RESIZED_STEPS, len(calls) - 2) if is_resized else 1
    fades = len(steps.rises) <= chance or (
        _is_fading(calls, retained, whole, allowed_bytes_per_call) and not steps.grow
    )
    if not fades:
        return Trend.STEADY
    return Trend.NONE if is_resized else Trend.UNCLEAR


def _is_fading(
    calls: Sequence[int],
    retained: Sequence[int],
    whole: tuple[Sequence[int], Sequence[int]],
    allowed_bytes_per_call: float,
) -> bool:
    """Growth per call above what is allowed is much lower at the end than over the whole series."""
    middle = min(range(len(calls)), key=lambda i: abs(calls[i] - (calls[0] + calls[-1]) / 2))
    if middle in (0, len(calls) - 1):
        return False
    all_calls, all_retained = whole
    overall = (all_retained[-1] - all_retained[0]) / (all_calls[-1] - all_calls[0]) - allowed_bytes_per_call
    late = (retained[-1] - retained[middle]) / (calls[-1] - calls[middle]) - allowed_bytes_per_call
    return late < _FADING * overall
