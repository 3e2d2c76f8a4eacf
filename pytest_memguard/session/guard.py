"""The hooks that measure and judge; registered only where memguard is on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_memguard.gate import Limits
from pytest_memguard.model import METRICS, Measurement, TestResult, Verdict
from pytest_memguard.reports.failure import failure_lines
from pytest_memguard.session.budgets import BudgetError
from pytest_memguard.session.calls import Calls
from pytest_memguard.session.freezing import frozen_heap
from pytest_memguard.session.judging import unjudged
from pytest_memguard.session.limits import resolve_limits
from pytest_memguard.session.markers import budgets_of, location_of
from pytest_memguard.session.measuring import Guarded
from pytest_memguard.session.settings import Mode
from pytest_memguard.session.transport import RESULT, attach_result
from pytest_memguard.session.watching import WATCHED

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from pytest_memguard.model import Budget
    from pytest_memguard.session.registry import ProbeRegistry
    from pytest_memguard.session.settings import Settings
    from pytest_memguard.store.memory_baselines import Baselines

__all__ = ["Guard"]

_OBSERVED = {"peak": Limits(), "leak": Limits()}


class Guard:
    """Measures every test that has a budget, and in observe mode every test."""

    def __init__(self, settings: Settings, registry: ProbeRegistry, baselines: Baselines) -> None:
        self._settings = settings
        self._registry = registry
        self._baselines = baselines

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Turn a wrong marker into a collection error of its file."""
        report = yield
        errors = []
        for item in report.result or ():
            if isinstance(item, pytest.Item):
                try:
                    budgets_of(item, self._settings, self._registry)
                except BudgetError as error:
                    errors.append(str(error))
        if errors:
            return pytest.CollectReport(
                nodeid=collector.nodeid,
                outcome="failed",
                longrepr="\n".join(dict.fromkeys(errors)),
                result=[],
            )
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        if any(budget.limit("leak") is not None for budget in self._budgets(item)):
            with frozen_heap():
                return (yield)
        return (yield)

    def _budgets(self, item: pytest.Item) -> tuple[Budget, ...]:
        """Markers may have been added since collection, so they are read again; a wrong one is told by the call."""
        try:
            return budgets_of(item, self._settings, self._registry)
        except BudgetError:
            return ()

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Innermost of all wrappers, so that what the others allocate stays outside the windows."""
        if RESULT in item.stash:
            del item.stash[RESULT]  # of the run before this rerun
        try:
            budgets = budgets_of(item, self._settings, self._registry)
            guarded, early = self._prepare(item, budgets)
        except BudgetError as error:
            pytest.fail(f"memguard: {error}", pytrace=False)
        if not guarded:
            outcome = yield
            if early:
                self._conclude(item, budgets, early, has_failed=False)
            return outcome
        calls = Calls(item, guarded, rounds=self._rounds(budgets), warmup=self._warmup(budgets))
        try:
            calls.open()
            try:
                outcome = yield
            except (KeyboardInterrupt, SystemExit, pytest.exit.Exception, pytest.skip.Exception):
                raise
            except BaseException:
                calls.end_call()
                calls.has_failed = True
                self._conclude(item, budgets, [*early, *calls.measurements()], has_failed=True)
                raise
            calls.end_call()
            calls.repeat()
            numbers = [*early, *calls.measurements()]
        finally:
            calls.close()
        self._conclude(item, budgets, numbers, has_failed=calls.has_failed)
        return outcome

    def _rounds(self, budgets: Iterable[Budget]) -> Any:
        asked = [b.rounds for b in budgets if b.rounds is not None]
        if not asked:
            return self._settings.rounds if budgets else 1
        return "auto" if "auto" in asked else max(asked)

    def _warmup(self, budgets: Iterable[Budget]) -> int | None:
        asked = [b.warmup for b in budgets if b.warmup is not None]
        if not asked:
            return self._settings.warmup if budgets else 0
        return max(asked)

    def _prepare(
        self, item: pytest.Item, budgets: tuple[Budget, ...]
    ) -> tuple[list[Guarded], list[Measurement]]:
        """What to open windows for, and the numbers that are known not to come."""
        guarded: list[Guarded] = []
        early: list[Measurement] = []
        arguments = getattr(item, "funcargs", {})
        watched = item.stash.get(WATCHED, {})
        for budget in budgets:
            probe = watched.get(budget.probe)
            complaint = None
            if probe is None and budget.probe in self._registry:
                complaint = self._registry.complaint(budget.probe)
                probe = self._registry.probe(budget.probe)
            limits = resolve_limits(
                budget,
                arguments,
                lambda name, metric: self._baselines.get(item.nodeid, name, metric),
                floor_bytes=probe.noise_floor_bytes if probe else 0,
            )
            limits = {metric: limits[metric] for metric in METRICS if budget.limit(metric) is not None}
            if probe is None:
                reason = f"no pool was watched as {budget.probe!r} before the call"
                early += [
                    unjudged(budget.probe, m, x, Verdict.NOT_MEASURED, reason) for m, x in limits.items()
                ]
            elif complaint is not None:
                early += [
                    unjudged(budget.probe, m, x, Verdict.UNAVAILABLE, complaint) for m, x in limits.items()
                ]
            else:
                guarded.append(Guarded(probe=probe, limits=limits))
        if not budgets and self._settings.mode is Mode.OBSERVE:
            for name in self._settings.observed_probes:
                if self._registry.complaint(name) is None:
                    guarded.append(Guarded(probe=self._registry.probe(name), limits=_OBSERVED))
        # tracemalloc counts what the other probes allocate when they open, so its window opens last.
        guarded.sort(key=lambda g: g.probe.name == "python")
        return guarded, early

    def _conclude(
        self, item: pytest.Item, budgets: tuple[Budget, ...], numbers: list[Measurement], *, has_failed: bool
    ) -> None:
        """Attach the result; fail the test on a broken budget unless it failed by itself."""
        file, line = location_of(item)
        result = TestResult(
            nodeid=item.nodeid,
            file=file,
            line=line,
            verdict=Verdict.gravest([m.verdict for m in numbers]),
            measurements=tuple(numbers),
            guarded=bool(budgets),
        )
        attach_result(item, result)
        if result.verdict is not Verdict.FAIL or self._settings.mode is Mode.OBSERVE:
            return
        text = "\n".join(failure_lines(result.measurements, self._settings.top))
        if has_failed:
            item.add_report_section("call", "memguard", text)  # its own error stays first
        else:
            pytest.fail(text, pytrace=False)
