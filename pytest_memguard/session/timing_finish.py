"""The end of a run for times: baselines written, and what could not be compared."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_memguard.gate.judge_seconds import slowest_ratio
from pytest_memguard.reports.text import plural
from pytest_memguard.store import timing_baselines
from pytest_memguard.store.errors import StoreError

if TYPE_CHECKING:
    from pytest_memguard.model.timing_baseline import TimingBaselines, TimingEntry
    from pytest_memguard.session.settings import Settings
    from pytest_memguard.session.timing_guard import TimingGuard
    from pytest_memguard.session.transport import Collector

__all__ = ["TimingFinish"]

_NAMES_SHOWN = 5


class TimingFinish:
    """Registered where the run is reported."""

    def __init__(
        self, settings: Settings, collector: Collector, guard: TimingGuard, baselines: TimingBaselines
    ) -> None:
        self._settings = settings
        self._collector = collector
        self._guard = guard
        self._baselines = baselines
        self._notes: list[tuple[str, dict[str, bool]]] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        failed = self._collector.failed
        measured = {nodeid: entry for nodeid, entry in self._guard.entries.items() if nodeid not in failed}
        if not self._settings.is_updating or not measured:
            return
        try:
            self._update(session, measured)
        except StoreError as error:
            self._notes.append((f"memguard: {error}", {"red": True}))
            session.exitstatus = max(session.exitstatus, pytest.ExitCode.USAGE_ERROR)

    def _update(self, session: pytest.Session, measured: dict[str, TimingEntry]) -> None:
        from pytest_memguard.session.timing_reference import (  # noqa: PLC0415
            describe_class,
            describe_reference,
        )

        folder = self._settings.baselines
        reference = describe_reference(session.config.rootpath, folder)
        machine = describe_class()
        kept = [
            nodeid
            for nodeid, entry in measured.items()
            if _still_agrees(self._baselines.get(machine.name, nodeid), entry)
        ]
        entries = {
            nodeid: replace(entry, commit=reference.commit if reference.clean else None, date=reference.date)
            for nodeid, entry in measured.items()
            if nodeid not in kept
        }
        path = folder / timing_baselines.FILE_NAME
        lines: list[str] = []
        if entries:
            old, new = timing_baselines.update(
                folder,
                timing_baselines.Measured(
                    machine=machine,
                    reference=reference,
                    entries=entries,
                    settings=self._baselines.settings or {"processes": 1},
                ),
            )
            lines = timing_baselines.changed_lines(old, new)
        self._notes.append((f"memguard: {path} {'updated' if lines else 'is up to date'}", {"bold": True}))
        self._notes += [(f"    {line}", {}) for line in lines]
        if kept:
            text = f"    {plural(len(kept), 'time')} of many processes kept: this run agrees with what is committed"
            self._notes.append((text, {}))
        if entries:
            advice = "memguard baseline update --timing measures in ten"
            text = f"    times of one process are provisional, with wide bounds: {advice}"
            self._notes.append((text, {"yellow": True}))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._settings.is_updating:
            for text, markup in self._notes:
                terminalreporter.write_line(text, **markup)
            return
        tests_of: dict[str, list[str]] = {}
        for nodeid, remark in self._guard.remarks.items():
            tests_of.setdefault(remark, []).append(nodeid)
        for remark, nodeids in tests_of.items():
            terminalreporter.write_line(f"memguard: time: {remark}", yellow=True)
            for nodeid in nodeids[:_NAMES_SHOWN]:
                terminalreporter.write_line(f"    {nodeid}")
            if len(nodeids) > _NAMES_SHOWN:
                terminalreporter.write_line(f"    ... and {len(nodeids) - _NAMES_SHOWN} more")


def _still_agrees(old: TimingEntry | None, new: TimingEntry) -> bool:
    """Whether what many processes found is not contradicted by this one."""
    if old is None or old.is_provisional or old.code != new.code:
        return False
    ratio = slowest_ratio(old.band)
    return old.seconds / ratio <= new.seconds <= old.seconds * ratio
