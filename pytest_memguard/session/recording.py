"""Memory and load over time, while a ``with`` block runs."""

from __future__ import annotations

import mmap
import struct
import time
from math import isfinite, isnan, nan
from typing import TYPE_CHECKING, Any

import psutil

from pytest_memguard.model import Curve, Timeline, WindowPlan
from pytest_memguard.probes.device.driver import load_reader
from pytest_memguard.probes.sampling import Sampler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from pytest_memguard.model import Probe, Window

__all__ = ["MOST_SAMPLES", "Recording"]

MOST_SAMPLES = 1024  # twice the pixels of a chart's width
_TIME, _AVAILABLE, _CPU, _GPU, _PROBES = range(5)  # the first columns


class Recording:
    """What ``memguard.record`` gives. The samples lie in memory of their own, which no probe takes for the test's.

    Full, it keeps of every two neighbors the higher one (of available memory the lower one) and goes on at half the
    rate, so that a long block has as many samples as a short one, and no spike that was seen is lost.
    """

    def __init__(self, label: str, interval: float, probes: Iterable[Probe], nodeid: str = "") -> None:
        if not (isinstance(interval, (int, float)) and isfinite(interval) and interval > 0):
            raise ValueError(f"memguard.record: got interval={interval!r}, accepted: seconds, more than 0")
        self.label, self.nodeid, self.interval = label, nodeid, interval
        self._probes: tuple[Any, ...] = tuple(probe for probe in probes if hasattr(probe, "counters"))
        self._row = struct.Struct(f"{_PROBES + 2 * len(self._probes)}d")
        self._samples = mmap.mmap(-1, MOST_SAMPLES * self._row.size)
        self._count = 0
        self._windows: list[Window] = []
        self._sampler: Sampler | None = None
        self._gpu_load: Callable[[], float | None] | None = None

    def __enter__(self) -> Recording:
        if self._sampler is not None:
            raise RuntimeError(f"memguard.record: {self.label!r} is running already")
        self._count, self._step, self._due = 0, self.interval, 0.0
        # Counters of a device are asked for in a window alone; it imports nothing.
        for probe in self._probes:
            if hasattr(probe, "load"):
                self._windows.append(probe.open(_NO_PEAK))
        self._gpu_load = load_reader()
        self._start, self._cpu = time.perf_counter(), (0.0, time.process_time())
        self._sample()
        self._sampler = Sampler(self._look, interval_seconds=self.interval)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End it; a second time is harmless."""
        if self._sampler is not None:
            self._sampler.stop()
            self._sampler = None
            self._sample()
        while self._windows:  # also those before one that did not open
            self._windows.pop().close()

    def _look(self) -> None:
        if time.perf_counter() - self._start >= self._due:
            self._sample()

    def _sample(self) -> None:
        if self._count == MOST_SAMPLES:
            self._thin_out()
        now, busy = time.perf_counter() - self._start, time.process_time()
        since, busy_before = self._cpu
        cpu = nan
        if now - since >= self.interval / 2:  # over less, as at the end, it is that of the sampling
            cpu = 100 * (busy - busy_before) / (now - since)
            self._cpu = now, busy
        gpu = self._gpu_load() if self._gpu_load is not None else None
        values = [now, psutil.virtual_memory().available, cpu, nan if gpu is None else gpu]
        for probe in self._probes:
            try:
                counters = probe.counters()
                values += (_number(counters.allocated_bytes), _number(counters.reserved_bytes))
            except Exception:  # noqa: BLE001 - of a device that has failed, or of anybody's probe: nothing told
                values += (nan, nan)
        self._row.pack_into(self._samples, self._count * self._row.size, *values)
        self._count += 1
        self._due = now + self._step / 2  # a sampler never wakes up quite on time

    def _thin_out(self) -> None:
        size, self._step = self._row.size, 2 * self._step
        for kept in range(MOST_SAMPLES // 2):
            first, second = (self._row.unpack_from(self._samples, (2 * kept + i) * size) for i in (0, 1))
            pairs = enumerate(zip(first, second, strict=True))
            merged = [(min if column in _LOWEST else max)(_told(pair)) for column, pair in pairs]
            self._row.pack_into(self._samples, kept * size, *merged)
        self._count = MOST_SAMPLES // 2

    @property
    def has_ended(self) -> bool:
        """Whether there is something to read."""
        return self._sampler is None and self._count > 0

    @property
    def timeline(self) -> Timeline:
        """Everything that was seen.

        Raises
        ------
        RuntimeError
            Before the block has ended.
        """
        if not self.has_ended:
            raise RuntimeError(f"the recording {self.label!r} has not ended: it can be read after its block")
        rows = [self._row.unpack_from(self._samples, at * self._row.size) for at in range(self._count)]
        seconds, *columns = zip(*rows, strict=True)
        curves = [
            Curve(name=name, unit=unit, values=tuple(_plain(value, unit) for value in column))
            for (name, unit), column in zip(self._columns(), columns, strict=True)
            if not all(map(isnan, column))
        ]
        return Timeline(
            nodeid=self.nodeid,
            label=self.label,
            seconds=tuple(round(moment, 6) for moment in seconds),
            curves=tuple(sorted(curves, key=lambda curve: (curve.unit, curve.name == "available"))),
        )

    def _columns(self) -> Iterable[tuple[str, str]]:
        yield from (("available", "B"), ("cpu", "%"), ("gpu", "%"))
        for probe in self._probes:
            yield probe.name, "B"
            yield f"{probe.name} reserved", "B"

    @property
    def seconds(self) -> tuple[float, ...]:
        """When each sample was taken, since the block began."""
        return self.timeline.seconds

    def __getitem__(self, name: str) -> tuple[float | None, ...]:
        """Values of one curve: a probe's allocated bytes, ``"PROBE reserved"``, ``"available"``, ``"cpu"``, ``"gpu"``.

        Raises
        ------
        KeyError
            When there is no such curve; what there is depends on the machine and on what is in use.
        """
        curves = {curve.name: curve for curve in self.timeline.curves}
        if name not in curves:
            raise KeyError(f"memguard.record: got curve {name!r}, accepted: {', '.join(map(repr, curves))}")
        return curves[name].values

    def plot(self, figure: Any = None) -> Any:
        """Draw the curves with matplotlib, a panel for each scale.

        Parameters
        ----------
        figure
            A :class:`matplotlib.figure.Figure`; by default one of pyplot, which a notebook shows.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ImportError
            Without matplotlib, which is in the extra ``history``.
        """
        timeline = self.timeline
        if figure is None:
            try:
                from matplotlib import pyplot as plt  # noqa: PLC0415 - for those who draw
            except ImportError as error:
                hint = "pip install 'pytest-memguard[history]'"
                raise ImportError(f"memguard.record: plot needs matplotlib: {hint}") from error
            figure = plt.figure(figsize=(8, 2.5 * len(timeline.panels)), layout="constrained")
        axes = figure.subplots(len(timeline.panels), 1, sharex=True, squeeze=False)[:, 0]
        for axis, (title, curves) in zip(axes, timeline.panels, strict=True):
            for curve in curves:
                scale = 2**20 if curve.unit == "B" else 1
                values = [nan if value is None else value / scale for value in curve.values]
                axis.plot(timeline.seconds, values, label=curve.name)
            axis.set(title=title, ylabel="MiB" if curves[0].unit == "B" else "%")
            axis.legend()
        axes[-1].set_xlabel("s")
        return figure

    def __repr__(self) -> str:
        if not self.has_ended:
            return f"<memguard.record {self.label!r}: not ended>"
        names = ", ".join(curve.name for curve in self.timeline.curves)
        return f"<memguard.record {self.label!r}: {self._count} samples of {names}>"


_NO_PEAK = WindowPlan(wants_peak=False)
_LOWEST = {_TIME, _AVAILABLE}


def _number(count: int | None) -> float:
    return nan if count is None else count


def _told(pair: tuple[float, float]) -> list[float]:
    """The numbers among two; NaN where there is none."""
    return [value for value in pair if not isnan(value)] or [nan]


def _plain(value: float, unit: str) -> float | None:
    if isnan(value):
        return None
    return int(value) if unit == "B" else round(value, 1)
