"""What is shown of a test without a budget: one window per probe around its call, and nothing judged."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from pytest_memguard.gate import Limits
from pytest_memguard.model import Measurement, Verdict, WindowPlan
from pytest_memguard.session.judging import unjudged
from pytest_memguard.session.methods import around_method, is_unittest
from pytest_memguard.session.rounds import has_failed_quietly

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    import pytest

    from pytest_memguard.model import Probe, Reading, Window
    from pytest_memguard.session.registry import ProbeRegistry
    from pytest_memguard.session.settings import Settings

__all__ = ["Observation", "Observer"]

_NO_LIMITS = Limits()


class Observer:
    """Opens the probes that the settings name. Watching must change nothing, and cost next to nothing."""

    def __init__(self, settings: Settings, registry: ProbeRegistry) -> None:
        self._settings = settings
        self._registry = registry

    @cached_property
    def _plans(self) -> tuple[tuple[Probe, WindowPlan], ...]:
        """No peak that needs a sampling thread: beside one, Python 3.12 and newer warn of every fork of the test."""
        names = filter(self._registry.is_observable, self._settings.observed_probes)
        # tracemalloc counts what the other probes allocate when they open, so its window opens last.
        probes = sorted(map(self._registry.probe, names), key=lambda probe: probe.name == "python")
        return tuple(
            (probe, WindowPlan(wants_peak=not getattr(probe, "samples_its_peak", False), is_watching=True))
            for probe in probes
        )

    def observe(self, item: pytest.Item) -> Observation:
        return Observation(item, self._plans)


class Observation:
    """The one call of a test that is only observed; used the way :class:`~.calls.Calls` is."""

    __slots__ = ("_item", "_plans", "_readings", "_windows", "has_failed")

    def __init__(self, item: pytest.Item, plans: tuple[tuple[Probe, WindowPlan], ...]) -> None:
        self._item = item
        self._plans = plans
        self._windows: list[Window] = []
        self._readings: list[Reading] = []
        self.has_failed = False

    def first(self) -> AbstractContextManager[None]:
        """Measure what is called inside the ``with`` block."""
        return around_method(self._item, self.__enter__, self._end) if is_unittest(self._item) else self

    def __enter__(self) -> None:
        self._windows = [probe.open(plan) for probe, plan in self._plans]

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        self._readings = [window.close() for window in reversed(self._windows)]
        self._readings.reverse()

    def repeat(self) -> None:
        """Nothing: what is only shown is called once."""
        self.has_failed = has_failed_quietly(self._item)

    def measurements(self) -> Iterator[Measurement]:
        """Every number that a probe can tell; none where the body was never reached, each with a reason."""
        if not self._readings:
            for probe, _ in self._plans:
                reason = "the test ended before the call that would have been measured"
                yield unjudged(probe.name, "peak", _NO_LIMITS, Verdict.NOT_MEASURED, f"peak: {reason}")
                yield unjudged(probe.name, "leak", _NO_LIMITS, Verdict.NOT_MEASURED, f"leak: {reason}")
        for reading in self._readings:
            for metric, value in (("peak", reading.peak_bytes), ("leak", reading.retained_bytes)):
                if reading.broken:
                    reason = f"{metric}: {reading.broken}"
                    yield unjudged(reading.probe, metric, _NO_LIMITS, Verdict.INCONCLUSIVE, reason)
                elif value is not None:
                    note = "; ".join(reading.notes) if metric == "peak" or reading.peak_bytes is None else ""
                    yield Measurement(probe=reading.probe, metric=metric, value=value, unit="B", reason=note)

    def close(self) -> None:
        for window in reversed(self._windows):
            window.close()
