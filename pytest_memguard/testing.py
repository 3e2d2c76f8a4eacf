"""For extenders' tests: contract checks, and a probe whose readings are written down beforehand."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from pytest_memguard.model import (
    Counters,
    Curve,
    Environment,
    Measurement,
    Reading,
    Run,
    Site,
    TestResult,
    Timeline,
    Verdict,
    WindowPlan,
)
from pytest_memguard.probes.calibration import calibrate, steady_complaint
from pytest_memguard.probes.marks import MarkStack
from pytest_memguard.units import format_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_memguard.model import Probe, Report, Window

__all__ = ["FakeProbe", "check_probe", "check_report", "example_run"]

_KNOWN_BYTES = 4 * 2**20


class _Known:
    """Stands for an allocation."""


@dataclass(kw_only=True)
class FakeProbe:
    """A probe that reads what its script says: one ``(allocated, high water)`` pair of bytes per look.

    The last pair is repeated for ever; ``known_allocation`` adds to it for as long as its result lives. ``windows``
    counts those that are open.
    """

    name: str = "fake"
    noise_floor_bytes: int = 0
    script: Sequence[tuple[int, int]] = ((0, 0),)
    reason: str | None = None
    sites: tuple[Site, ...] = ()
    windows: int = field(default=0, init=False)
    looks: int = field(default=0, init=False)
    _known_bytes: int = field(default=0, init=False)
    _known_mark: int = field(default=0, init=False)
    marks: MarkStack[_FakeWindow] = field(default_factory=MarkStack, init=False)

    def unavailable(self) -> str | None:
        return self.reason

    def known_allocation(self, nbytes: int) -> object:
        known = _Known()
        self._known_bytes += nbytes
        self._known_mark = max(self._known_mark, self._known_bytes)
        weakref.finalize(known, self._release, nbytes)
        return known

    def _release(self, nbytes: int) -> None:
        self._known_bytes -= nbytes

    def look(self) -> tuple[int, int]:
        """The script's next pair."""
        allocated_bytes, high_water_bytes = self.script[min(self.looks, len(self.script) - 1)]
        self.looks += 1
        self.marks.hand_out(self._known_mark)
        return allocated_bytes + self._known_bytes, high_water_bytes

    def open(self, plan: WindowPlan) -> Window:  # noqa: ARG002 - the script knows nothing of plans
        self.marks.hand_out(self._known_mark)
        self._known_mark = self._known_bytes
        self.windows += 1
        return _FakeWindow(self)


class _FakeWindow:
    def __init__(self, probe: FakeProbe) -> None:
        self._probe = probe
        self._before = Counters(allocated_bytes=probe.look()[0])
        self._closed: Reading | None = None
        self.high_water_bytes = 0  # of known allocations; the script has its own marks
        probe.marks.push(self)

    def mark(self) -> Reading:
        if self._closed:
            return self._closed
        allocated_bytes, high_water_bytes = self._probe.look()
        return Reading(
            probe=self._probe.name,
            before=self._before,
            after=Counters(allocated_bytes=allocated_bytes),
            high_water_allocated_bytes=high_water_bytes + self.high_water_bytes,
        )

    def settle(self) -> int:
        return 0

    def retained_by(self, *, is_single_call: bool, is_final: bool) -> tuple[int, int]:  # noqa: ARG002
        return max(0, self.mark().retained_bytes or 0), 0

    def sites(self, metric: Literal["peak", "leak"]) -> tuple[Site, ...]:  # noqa: ARG002
        return self._probe.sites

    def close(self) -> Reading:
        if self._closed is None:
            self._closed = self.mark()
            self._probe.windows -= 1
            self._probe.marks.remove(self)
        return self._closed


def check_probe(probe: Probe) -> None:
    """Assert what memguard relies on: names, calibration, nesting, and windows that close.

    A probe that says it is unavailable here has nothing more to prove.
    """
    assert isinstance(probe.name, str), "a probe has a name"
    assert probe.name, "a probe's name is not empty"
    assert probe.noise_floor_bytes >= 0, "a noise floor is a number of bytes"
    reason = probe.unavailable()
    assert reason is None or reason.strip(), "a reason says something"
    if reason is not None:
        return
    complaint = calibrate(probe)
    assert complaint is None, complaint
    complaint = steady_complaint(
        lambda: _nesting_complaint(probe, getattr(probe, "known_allocation", bytearray))
    )
    assert complaint is None, complaint


def _nesting_complaint(probe: Probe, allocate: Callable[[int], object]) -> str | None:
    """What an inner window's bytes, or the outer window's mark after it, have wrong."""
    outer = probe.open(WindowPlan(wants_leak=True))
    try:
        earlier = allocate(4 * _KNOWN_BYTES)
        outer.mark()
        del earlier
        inner = probe.open(WindowPlan())
        known = allocate(_KNOWN_BYTES)
        inside = inner.mark()
        assert inner.mark().probe == probe.name, "a mark does not end a window"
        closed = inner.close()
        assert inner.close() == closed, "closing twice gives the same reading"
        is_seen = known is not None
        del known
        outer_peak = outer.mark().peak_bytes
    finally:
        outer.close()
    inner_peak, retained = inside.peak_bytes, inside.retained_bytes
    if inner_peak is not None and inner_peak >= 2 * _KNOWN_BYTES:
        return f"a window counts nothing from before it opened: its peak is {format_bytes(inner_peak)}"
    if is_seen and retained is not None and retained < 0.99 * _KNOWN_BYTES:
        return (
            f"an allocation is seen while it lives: {format_bytes(retained)} of {format_bytes(_KNOWN_BYTES)}"
        )
    if outer_peak is not None and outer_peak < 3.9 * _KNOWN_BYTES:
        return (
            f"an inner window hands its mark to the outer one: {format_bytes(outer_peak)} "
            f"after {format_bytes(4 * _KNOWN_BYTES)}"
        )
    return None


def check_report(report: Report) -> None:
    """Assert that a report renders an empty run and :func:`example_run` as text that can be written."""
    assert isinstance(report.name, str), "a report has a name"
    assert report.name.isidentifier(), "a report's name can be typed after --memguard-report"
    for run in (Run(environment=example_run().environment), example_run()):
        text = report.render(run)
        assert isinstance(text, str), "render returns text"
        text.encode()


def example_run() -> Run:
    """One test of every verdict and a timeline, with characters that formats must escape."""
    site = Site(file="tests/test_x.py", line=7, bytes=2**20, blocks=3, text='keep["<a|b>"] = bytes(2**20)')
    tests = [
        TestResult(
            nodeid=f"tests/test_x.py::test_{verdict.value}[<a|b>`%\n]",
            file="tests/test_x.py",
            line=5,
            verdict=verdict,
            measurements=(
                Measurement(
                    probe="python",
                    metric="peak",
                    value=None if verdict in (Verdict.UNAVAILABLE, Verdict.NOT_MEASURED) else 2**20,
                    unit="B",
                    budget=2**19,
                    verdict=verdict,
                    reason=f"the reason of {verdict.value}",
                    sites=(site,) if verdict is Verdict.FAIL else (),
                ),
            ),
        )
        for verdict in Verdict
    ]
    environment = Environment(machine_class="x86_64 example", python="3.12.0", platform="Linux")
    curve = Curve(name="rss", unit="B", values=(2**20, None, 2**21))
    timeline = Timeline(nodeid=tests[0].nodeid, label="<a|b>`%", seconds=(0.0, 0.01, 0.02), curves=(curve,))
    return Run(environment=environment, tests=tuple(tests), unguarded=2, timelines=(timeline,))
