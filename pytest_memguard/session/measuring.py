"""The windows of one test, over all its calls, and the numbers that come out of them."""

from __future__ import annotations

import gc
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_memguard.model import WindowPlan
from pytest_memguard.session.limits import allowed_bytes
from pytest_memguard.stats import Growth, Trend, summarize_fixed, summarize_growth

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import CodeType

    from pytest_memguard.gate import Limits
    from pytest_memguard.model import Probe, Reading, Site, Window

__all__ = ["Guarded", "ProbeWindows"]

_MOST_READINGS = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """One probe of one test with what its numbers are held against; a metric without an entry is not reported."""

    probe: Probe
    limits: Mapping[str, Limits]
    is_updating: bool = False  # numbers become the new baselines instead of being held against the old ones

    @property
    def judges_leak(self) -> bool:
        return self._limit("leak") is not None

    @property
    def wants_peak(self) -> bool:
        return "peak" in self.limits

    @property
    def peak_limit_bytes(self) -> int | None:
        limits = self.limits.get("peak")
        allowed = allowed_bytes(limits) if limits else None
        return None if allowed is None else int(allowed)

    def _limit(self, metric: str) -> object:
        limits = self.limits.get(metric)
        return limits.limit if limits else None


class ProbeWindows:
    """One probe over the calls of one test.

    A single call has one window. With several, one window spans them all for the growth per call, and each call has
    one of its own for its peak.
    """

    def __init__(
        self,
        guarded: Guarded,
        *,
        is_single_call: bool,
        code: CodeType | None = None,
        before_settling: Callable[[], None] | None = None,
    ) -> None:
        self.guarded = guarded
        self._before_settling = before_settling
        self._is_single_call = is_single_call
        self._code = code
        # Made before the window opens: what grows while tracemalloc watches would be taken for the test's.
        readings = _MOST_READINGS if guarded.judges_leak and not is_single_call else 0
        self._calls, self._retained = array("q", bytes(8 * readings)), array("q", bytes(8 * readings))
        self._readings = 0
        self._call_window: Window | None = None
        self.peak_bytes: int | None = None
        self._peak_window: Window | None = (
            None  # of the call with the highest peak, where that broke the budget
        )
        self.notes: tuple[str, ...] = ()
        self._settled_bytes: list[int] = []
        self.last: Reading | None = None
        self._window = guarded.probe.open(
            WindowPlan(
                wants_peak=guarded.wants_peak and is_single_call,
                wants_leak=guarded.judges_leak,
                peak_limit_bytes=guarded.peak_limit_bytes if is_single_call else None,
                code=code if is_single_call else None,
            )
        )

    @property
    def judges_leak(self) -> bool:
        return self.guarded.judges_leak

    def begin_call(self) -> None:
        if not self._is_single_call and self.guarded.wants_peak:
            plan = WindowPlan(peak_limit_bytes=self.guarded.peak_limit_bytes, code=self._code)
            self._call_window = self.guarded.probe.open(plan)

    def end_call(self) -> None:
        """Take the marks before anything else allocates."""
        if self._call_window is None:
            # A leak may have to be looked at again; everything else is known, and closed costs nothing any more.
            is_judged_later = self.judges_leak or not self._is_single_call
            self.last = self._window.mark() if is_judged_later else self._window.close()
            self._keep_peak(self.last, self._window)
            return
        self._keep_peak(self._call_window.close(), self._call_window)
        self._call_window = None
        self.last = self._window.mark()

    def _keep_peak(self, reading: Reading, window: Window) -> None:
        if reading.peak_bytes is None or (
            self.peak_bytes is not None and reading.peak_bytes <= self.peak_bytes
        ):
            return
        self.peak_bytes, self.notes = reading.peak_bytes, reading.notes
        limit_bytes = self.guarded.peak_limit_bytes
        if limit_bytes is not None and reading.peak_bytes > limit_bytes:
            self._peak_window = window

    @property
    def peak_sites(self) -> tuple[Site, ...]:
        """Lines behind a peak above its budget; to be asked for when the windows are closed, see :meth:`close`."""
        return self._peak_window.sites("peak") if self._peak_window else ()

    def read_retained(self, call: int) -> None:
        """Note what is retained after ``call`` calls: settled every time, so that readings can be compared."""
        retained_bytes = self._settled_reading()
        if self._readings < _MOST_READINGS:
            self._calls[self._readings] = call
            self._retained[self._readings] = retained_bytes
            self._readings += 1

    def _settled_reading(self) -> int:
        held = self._window.settle()
        gc.collect()
        return (self._window.mark().retained_bytes or 0) - held

    def growth(self, *, is_fixed: bool, is_last: bool) -> Growth:
        """The trend so far. A leak is still there at a second look; a thread that was just leaving is gone."""
        growth = self._growth(is_fixed=is_fixed, is_last=is_last)
        if growth.trend is not Trend.STEADY:
            return growth
        last = self._readings - 1
        self._retained[last] = min(self._retained[last], self._settled_reading())
        return self._growth(is_fixed=is_fixed, is_last=is_last, coarseness_bytes=self.coarseness_bytes())

    def coarseness_bytes(self) -> int:
        """By how much a single reading may be too high; not free, so only to be asked where a leak is suspected."""
        coarseness: int = getattr(self._window, "coarseness_bytes", int)()
        return coarseness

    def _growth(self, *, is_fixed: bool, is_last: bool, coarseness_bytes: int = 0) -> Growth:
        allowed = allowed_bytes(self.guarded.limits["leak"]) or 0
        floor = self.guarded.probe.noise_floor_bytes + getattr(self._window, "noise_bytes", 0)
        floor += coarseness_bytes
        retained = self._retained[: self._readings]
        if is_fixed:
            series = [0, *retained]
            return summarize_fixed(series, allowed_bytes_per_call=allowed, floor_bytes=floor)
        return summarize_growth(
            self._calls[: self._readings],
            retained,
            allowed_bytes_per_call=allowed,
            floor_bytes=floor,
            is_last=is_last,
        )

    def retained_bytes_now(self) -> int:
        return self._retained[self._readings - 1] if self._readings else 0

    def settle_before_teardown(self) -> None:
        """Judge now what is above the limit, so that ``tearDown`` can release memory but not add any."""
        retained = self.last.retained_bytes if self.last and self.judges_leak else None
        if retained is not None and retained > self.allowed_leak_bytes:
            self.settled_bytes(is_final=False)

    @property
    def single_call_floor_bytes(self) -> int:
        """The probe's noise within one call; over several, the first call's part of it is known and left out."""
        floor_bytes: int = self.guarded.probe.noise_floor_bytes
        return getattr(self.guarded.probe, "first_call_floor_bytes", floor_bytes)

    @property
    def allowed_leak_bytes(self) -> float:
        """The most bytes a single call may retain."""
        return (allowed_bytes(self.guarded.limits["leak"]) or 0) + self.single_call_floor_bytes

    def settled_bytes(self, *, is_final: bool = True) -> int:
        """Retained by a single call: collected, settled, and without what is no leak of the test.

        The least of all looks: memory that was ever settled below the limit is no leak.
        """
        if self._before_settling is not None:
            self._before_settling()
        held = self._window.settle()
        gc.collect()  # after the settling, which fills the interpreter's free lists
        settled = max(0, self._window.retained_by(is_single_call=True, is_final=is_final)[0] - held)
        self._settled_bytes.append(settled)
        return min(self._settled_bytes)

    def explained_bytes(self, bytes_per_call: int, calls: int) -> int:
        """Growth per call, and no more than what all calls together hold that is not the runner's own."""
        gc.collect()
        kept_bytes, ignored_bytes = self._window.retained_by(is_single_call=False, is_final=True)
        return min(bytes_per_call, kept_bytes // calls) if ignored_bytes else bytes_per_call

    def leak_evidence(self) -> str:
        """What the probe can say beside a leak, where it can."""
        evidence = getattr(self._window, "evidence", None)
        return "" if evidence is None else evidence()

    def leak_sites(self) -> tuple[Site, ...]:
        return self._window.sites("leak")

    def close(self) -> None:
        """End every window; while one is open, whatever sums up its evidence is traced itself, and slow."""
        if self._call_window is not None:
            self._call_window.close()
        self._window.close()
