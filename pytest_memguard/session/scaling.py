"""How peak and time grow with size."""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_memguard.model import Probe, WindowPlan
from pytest_memguard.stats import Exponent, summarize_exponent, summarize_exponents

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Scaling", "measure_scaling"]

_REPEATS = (
    5  # times every size is timed, the sizes interleaved: a slow moment of the machine hits all of them
)
_LEAST_SECONDS = 0.002  # of one timing; shorter calls are repeated until it is reached


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """Peak bytes and seconds by size, and the exponents that fit them (``None`` where nothing was allocated)."""

    sizes: tuple[int, ...]
    peak_bytes: tuple[int, ...]
    seconds: tuple[float, ...]
    peak_exponent: Exponent | None
    time_exponent: Exponent

    def complaint(self, *, peak_exponent: float | None, time_exponent: float | None) -> str:
        """Why the budgets are broken, or nothing."""
        broken = []
        for name, exponent, budget in (
            ("peak", self.peak_exponent, peak_exponent),
            ("time", self.time_exponent, time_exponent),
        ):
            if budget is not None and exponent is not None and exponent.lower > budget:
                broken.append(
                    f"{name} grows as size^{exponent.value:.2f} (95 % interval {exponent.lower:.2f} to "
                    f"{exponent.upper:.2f}), budget size^{budget:g}"
                )
        return "\n".join(broken)


def measure_scaling(func: Callable[[int], object], sizes: Sequence[int], probe: Probe) -> Scaling:
    """Call ``func(size)`` at every size: once for its peak, which also warms it up, then for its time."""
    sizes = tuple(sizes)
    if len(set(sizes)) < 3 or min(sizes) <= 0:
        raise ValueError(
            f"memguard.scaling: got sizes {sizes!r}, accepted: at least 3 different ones above 0"
        )
    func(sizes[0])  # first-call initialization belongs to no size
    peaks = tuple(_peak_bytes(func, size, probe) for size in sizes)
    rounds = [[_seconds(func, size) for size in sizes] for _ in range(_REPEATS)]
    seconds = tuple(min(column) for column in zip(*rounds, strict=True))
    return Scaling(
        sizes=sizes,
        peak_bytes=peaks,
        seconds=seconds,
        peak_exponent=summarize_exponent(sizes, peaks) if min(peaks) > 0 else None,
        time_exponent=summarize_exponents(sizes, rounds),
    )


def _peak_bytes(func: Callable[[int], object], size: int, probe: Probe) -> int:
    window = probe.open(WindowPlan())
    try:
        func(size)
    finally:
        reading = window.close()
    return reading.peak_bytes or 0


def _seconds(func: Callable[[int], object], size: int) -> float:
    """Seconds of one call, from as many as fill the least time."""
    was_enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        calls, start = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - start) < _LEAST_SECONDS or not calls:
            func(size)
            calls += 1
    finally:
        if was_enabled:
            gc.enable()
    return elapsed / calls
