"""How often a guarded test is called, and the numbers over its calls."""

from __future__ import annotations

import gc
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

from msgspec import structs

from pytest_memguard.model import Verdict
from pytest_memguard.session.judging import measurements, never_called
from pytest_memguard.session.measuring import Guarded, ProbeWindows
from pytest_memguard.session.methods import around_method, body_code, is_unittest
from pytest_memguard.session.recorded import release_arguments
from pytest_memguard.session.rounds import Repeater, has_failed_quietly
from pytest_memguard.stats import Trend

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pytest

    from pytest_memguard.model import Measurement
    from pytest_memguard.probes.memray_stacks import MemrayStacks
    from pytest_memguard.stats import Growth

__all__ = ["Calls", "Effort"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How far ``rounds="auto"`` goes: until memory has been seen not to grow, or to one of the limits."""

    enough_calls: int = 128  # no growth over them: done
    enough_seconds: float = 1.0  # ... or over fewer, when they are slow
    fewest_calls: int = 8
    most_calls: int = 4096  # four times the largest of the usual cache sizes
    most_seconds: float = 5.0
    most_bytes: int = 512 * 2**20  # a leak of this size needs no further proof
    readings_per_doubling: int = 32

    def is_slow(self, calls: int, seconds: float) -> bool:
        """Fewer calls than usual must do for the first look."""
        return calls >= self.fewest_calls and seconds >= self.enough_seconds

    def is_spent(self, calls: int, seconds: float, retained_bytes: int) -> bool:
        if calls < self.fewest_calls:
            return False
        return calls >= self.most_calls or seconds >= self.most_seconds or retained_bytes >= self.most_bytes


class Calls:
    """The calls of one test under its probes. Close it whatever happens."""

    def __init__(
        self,
        item: pytest.Item,
        guarded: Sequence[Guarded],
        *,
        rounds: int | Literal["auto"],
        warmup: int | None,
        body: Callable[[], object] | None = None,
        stacks: MemrayStacks | None = None,
    ) -> None:
        """``body`` is called where it is not the whole test that counts; ``stacks`` records the first call."""
        self._item = item
        self._guarded = guarded
        judges_leak = any(g.judges_leak for g in guarded)
        # Without a leak to decide there is nothing for "auto" to find out.
        self._rounds = rounds if rounds != "auto" or judges_leak else 1
        self._warmup = warmup if warmup is not None else 1 if self._rounds == "auto" else 0
        self._effort = Effort()
        self._repeater = Repeater(item, body) if self._rounds != 1 or self._warmup else None
        self._windows: list[ProbeWindows] = []
        self._growths: dict[int, Growth] = {}
        self._calls = 0
        self._stacks = stacks
        self._is_method = body is None and is_unittest(item)
        self._code = body_code(item)
        self.has_failed = False

    @property
    def _is_single_call(self) -> bool:
        return self._rounds == 1

    @contextmanager
    def first(self) -> Iterator[None]:
        """Warm up, then measure what is called inside the ``with`` block."""
        failures = self._warm_up()
        if self._is_method:
            with around_method(self._item, self._begin, self._end):
                yield
        else:
            self._begin()
            try:
                yield
            finally:
                self._end()
        if failures:  # a second one would be reported with the teardown
            del self._item._excinfo[failures:]  # type: ignore[attr-defined]  # noqa: SLF001
        self.has_failed = self.has_failed or has_failed_quietly(self._item)

    def _warm_up(self) -> int:
        """How many failures or skips a ``unittest`` item has kept to itself by then."""
        for _ in range(self._warmup):
            assert self._repeater is not None
            self._repeater.call()
            if has_failed_quietly(self._item):
                break
        if self._repeater is not None:
            self._repeater.reset()
        return len(getattr(self._item, "_excinfo", None) or ())

    def _begin(self) -> None:
        """Open every window at the first call, and begin a call."""
        if not self._windows:
            if self._stacks is not None:
                self._stacks.start()
            if any(g.judges_leak for g in self._guarded):
                gc.collect()  # garbage from before must not be freed inside; little is tracked, see freezing.py
            for guarded in self._guarded:
                self._windows.append(
                    ProbeWindows(
                        guarded,
                        is_single_call=self._is_single_call,
                        code=self._code,
                        before_settling=partial(release_arguments, self._item),
                    )
                )
        for windows in self._windows:
            windows.begin_call()

    def _end(self) -> None:
        """The marks first, before anything else is allocated; the last opened window is the most sensitive one."""
        for windows in reversed(self._windows):
            windows.end_call()
        if self._stacks is not None and not self._calls:
            self._stacks.stop()
        self._calls += 1
        if self._is_method and self._is_single_call:
            for windows in self._windows:
                windows.settle_before_teardown()

    def repeat(self) -> None:
        """All further rounds."""
        if self._repeater is None or self._is_single_call or self.has_failed:
            return
        if self._rounds == "auto":
            self._repeat_until_decided()
        else:
            self._read_retained()
            for _ in range(self._rounds - 1):
                if not self._call_again():
                    return
                self._read_retained()
            for index, windows in enumerate(self._windows):
                if windows.judges_leak:
                    self._growths[index] = windows.growth(is_fixed=True, is_last=True)
        self._repeater.finish()

    def _call_again(self) -> bool:
        """Whether the call went well."""
        assert self._repeater is not None
        if self._is_method:
            with around_method(self._item, self._begin, self._end):
                self._repeater.call()
        else:
            self._begin()
            self._repeater.call()
            self._end()
        self.has_failed = has_failed_quietly(self._item)
        return not self.has_failed

    def _read_retained(self) -> None:
        for windows in self._windows:
            if windows.judges_leak:
                windows.read_retained(self._calls)

    def _repeat_until_decided(self) -> None:
        """Look at the series when it has doubled; the first time also when a second has passed."""
        effort, start, processor_start = self._effort, time.monotonic(), time.process_time()
        goal, is_first_look = effort.enough_calls, True
        self._read_retained()
        while True:
            is_last = False
            while self._calls < goal and not is_last:
                if not self._call_again():
                    return
                if self._calls <= 64 or self._calls % max(1, goal // effort.readings_per_doubling) == 0:
                    self._read_retained()
                seconds = time.monotonic() - start
                # A busy machine makes no test slow: of the seconds waited a third counts, or what was computed.
                used = max(time.process_time() - processor_start, seconds / 3)
                if is_first_look and effort.is_slow(self._calls, used):
                    break
                is_last = effort.is_spent(self._calls, used, self._retained_bytes())
            if self._has_decided(is_last=is_last or self._calls >= effort.most_calls):
                return
            is_first_look = False
            goal = 2 * self._calls

    def _retained_bytes(self) -> int:
        return max((w.retained_bytes_now() for w in self._windows), default=0)

    def _has_decided(self, *, is_last: bool) -> bool:
        is_decided = True
        for index, windows in enumerate(self._windows):
            if windows.judges_leak:
                growth = windows.growth(is_fixed=False, is_last=is_last)
                self._growths[index] = growth
                is_decided = is_decided and growth.trend is not Trend.UNCLEAR
        return is_decided or is_last

    def measurements(self) -> Iterator[Measurement]:
        """Every number; none where the body was never reached, each with a reason."""
        if not self._windows:
            for guarded in self._guarded:
                yield from never_called(guarded)
        numbers = []
        # The last opened first: with tracemalloc's window its tables go, which the C allocator counts.
        for index, windows in reversed(tuple(enumerate(self._windows))):
            growth = self._growths.get(index)
            numbers.append(tuple(measurements(windows, self._calls, growth, has_failed=self.has_failed)))
        for measured in reversed(numbers):
            yield from map(self._with_stacks, measured)

    def _with_stacks(self, measurement: Measurement) -> Measurement:
        """A peak that failed, with the lines that memray saw at its own high-water mark."""
        if measurement.metric != "peak" or measurement.verdict is not Verdict.FAIL or self._stacks is None:
            return measurement
        return structs.replace(measurement, sites=self._stacks.sites() or measurement.sites)

    def close(self) -> None:
        for windows in reversed(self._windows):
            windows.close()
        if self._stacks is not None:
            self._stacks.close()
