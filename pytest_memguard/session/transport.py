"""From the test that was measured to the process that reports: on its report, as plain JSON."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from msgspec import structs

from pytest_memguard.model import TestResult, Timeline, Verdict
from pytest_memguard.model.encoding import plain_number
from pytest_memguard.reports.junit import properties
from pytest_memguard.session.census import nodeid_of
from pytest_memguard.session.marker_lines import location_of

if TYPE_CHECKING:
    from pytest_memguard.model import Measurement
    from pytest_memguard.session.recording import Recording

__all__ = [
    "RESULT",
    "Collector",
    "ResultCarrier",
    "add_to_result",
    "attach_refusal",
    "attach_result",
    "keep_recording",
]

RESULT = pytest.StashKey[TestResult]()
_UNSENT = pytest.StashKey[dict[str, TestResult]]()  # by node id, until the report of the call is logged
_RECORDINGS = pytest.StashKey[
    dict[str, dict[str, "Recording"]]
]()  # by node id and label, until they are sent
_PREFIX = "memguard."


def attach_result(item: pytest.Item, result: TestResult) -> None:
    """Keep the result for the report, and its numbers as properties of the test case."""
    numbers = tuple(map(_with_plain_value, result.measurements))
    result = item.stash[RESULT] = structs.replace(result, measurements=numbers)
    item.config.stash.setdefault(_UNSENT, {})[item.nodeid] = result
    # A rerun replaces what the run before had to say.
    item.user_properties[:] = [p for p in item.user_properties if not p[0].startswith(_PREFIX)]
    item.user_properties.extend(properties(result))


def _with_plain_value(measurement: Measurement) -> Measurement:
    """What pytest-xdist can send: exactly an ``int`` or a ``float``, also where a probe reads NumPy's."""
    if measurement.value is None or type(measurement.value) in (int, float):
        return measurement
    return structs.replace(measurement, value=plain_number(measurement.value))


def add_to_result(
    item: pytest.Item, measurements: tuple[Measurement, ...], *, is_guarded: bool, has_failed: bool
) -> None:
    """Put numbers beside those that the item has already; only a budget of theirs lets them decide over the whole.

    ``has_failed``: the call did. Where it had a result before, that knows whether a budget is to blame.
    """
    before = item.stash.get(RESULT, None)
    known = before.measurements if before else ()
    guarding = (*known, *(measurements if is_guarded else ())) or measurements
    file, line = location_of(item)
    result = TestResult(
        nodeid=nodeid_of(item),
        file=file,
        line=line,
        verdict=Verdict.gravest([measurement.verdict for measurement in guarding]),
        measurements=(*known, *measurements),
        guarded=is_guarded or (before is not None and before.guarded),
        failed=before.failed if before else has_failed,
    )
    attach_result(item, result)


def attach_refusal(item: pytest.Item, reason: str) -> None:
    """A budget that cannot be judged by, told at the call: it fails its test, whatever other numbers say."""
    file, line = location_of(item)
    known = item.stash.get(RESULT, None) or TestResult(
        nodeid=nodeid_of(item), file=file, line=line, verdict=Verdict.FAIL
    )
    attach_result(item, structs.replace(known, verdict=Verdict.FAIL, guarded=True, reason=reason))


def keep_recording(item: pytest.Item, recording: Recording) -> None:
    """Keep it for the reports where there are any; of several with one label the last."""
    recordings = item.config.stash.get(_RECORDINGS, None)
    if recordings is not None:
        recordings.setdefault(item.nodeid, {})[recording.label] = recording


class ResultCarrier:
    """Where tests run: puts each result onto the report of its call, before anybody sends that elsewhere.

    Not when the report is made: a wrapper of that costs every phase of every test more than all of this.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._unsent = config.stash.setdefault(_UNSENT, {})
        self._recordings = config.stash.setdefault(_RECORDINGS, {})

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        # Reports of subtests come while their test still runs.
        if self._unsent and report.when == "call" and type(report) is pytest.TestReport:
            result = self._unsent.pop(report.nodeid, None)
            if result is not None:
                report.memguard = msgspec.to_builtins(result, enc_hook=plain_number)  # type: ignore[attr-defined]
        # Fixtures may record, too: the last one has ended when the teardown is reported.
        if self._recordings and report.when == "teardown":
            recordings = self._recordings.pop(report.nodeid, {}).values()
            timelines = [recording.timeline for recording in recordings if recording.has_ended]
            report.memguard_timelines = msgspec.to_builtins(timelines)  # type: ignore[attr-defined]


class Collector:
    """Where results are reported: gathers them from the reports, the last one of each test."""

    def __init__(self) -> None:
        self._carried: dict[str, dict[str, Any]] = {}  # by the name in the reports
        self._timelines: dict[str, list[dict[str, Any]]] = {}
        self.without_result: set[str] = set()
        self._failed: set[str] = set()  # and skipped: whatever did not pass as a whole
        self._failed_otherwise: set[str] = set()  # than by a budget

    @property
    def results(self) -> list[TestResult]:
        return [
            msgspec.convert(
                {**carried, "failed": True} if name in self._failed_otherwise else carried, TestResult
            )
            for name, carried in self._carried.items()
        ]

    @property
    def timelines(self) -> list[Timeline]:
        return msgspec.convert([*chain.from_iterable(self._timelines.values())], list[Timeline])

    @property
    def failed(self) -> set[str]:
        """Of tests with a result, those that did not pass as a whole, under the names of their results."""
        return {carried["nodeid"] for name, carried in self._carried.items() if name in self._failed}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if timelines := getattr(report, "memguard_timelines", None):
            self._timelines[report.nodeid] = timelines
        if report.when == "setup":  # of a test, or of its next rerun
            self._failed.discard(report.nodeid)
            self._failed_otherwise.discard(report.nodeid)
        carried: dict[str, Any] | None = getattr(report, "memguard", None)
        if report.failed or (report.when == "call" and not report.passed):
            self._failed.add(report.nodeid)
            if not (report.failed and carried and carried["verdict"] == Verdict.FAIL):
                self._failed_otherwise.add(report.nodeid)
        if carried is not None:
            self._carried[report.nodeid] = carried
            self.without_result.discard(report.nodeid)
        elif report.when == "call" and not report.skipped and type(report) is pytest.TestReport:
            self.without_result.add(report.nodeid)
