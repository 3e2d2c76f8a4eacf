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
from pytest_memguard.session.rounds import was_skipped_quietly
from pytest_memguard.session.settings import Mode
from pytest_memguard.session.transport import RESULT, attach_result
from pytest_memguard.session.watching import WATCHED

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from pytest_memguard.model import Budget, Probe
    from pytest_memguard.session.registry import ProbeRegistry
    from pytest_memguard.session.settings import Settings
    from pytest_memguard.store.memory_baselines import Baselines

__all__ = ["Guard"]


def _observed(probe: Probe) -> dict[str, Limits]:
    """What is shown of a test without a budget: no peak that needs a sampling thread.

    Watching must change nothing, and beside a second thread Python 3.12 and newer warn of every fork of the test.
    """
    if getattr(probe, "samples_its_peak", False):
        return {"leak": Limits()}
    return {"peak": Limits(), "leak": Limits()}


class Guard:
    """Measures every test that has a budget, and in observe mode every test."""

    def __init__(self, settings: Settings, registry: ProbeRegistry, baselines: Baselines) -> None:
        self._settings = settings
        self._registry = registry
        self._baselines = baselines

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
        complaint = None
        try:
            budgets = budgets_of(item, self._settings, self._registry)
            guarded, early = self._prepare(item, budgets)
        except BudgetError as error:
            complaint = str(error)
        if complaint is not None:  # outside of the handler: the chain of causes would only repeat it
            pytest.fail(f"memguard: {complaint}", pytrace=False)
        if not guarded:
            outcome = yield
            if early:
                self._conclude(item, budgets, early, has_failed=False)
            return outcome
        calls = Calls(item, guarded, rounds=self._rounds(budgets), warmup=self._warmup(budgets))
        try:
            with calls.first():
                outcome = yield
            if was_skipped_quietly(item):
                return outcome
            calls.repeat()
        except (KeyboardInterrupt, pytest.exit.Exception, pytest.skip.Exception):
            raise
        except BaseException:
            calls.has_failed = True
            self._conclude(item, budgets, [*early, *calls.measurements()], has_failed=True)
            raise
        else:
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
        watched = item.stash.get(WATCHED, {})
        for budget in budgets:
            probe: Probe | None = watched.get(budget.probe)
            complaint = None
            if probe is None and budget.probe in self._registry:
                complaint = self._registry.complaint(budget.probe)
                probe = self._registry.probe(budget.probe)
            try:
                limits = self._limits(item, budget, probe)
            except BudgetError as error:
                if self._settings.mode is not Mode.OBSERVE:
                    raise
                limits, probe, reason = dict.fromkeys(dict(budget.limits), Limits()), None, str(error)
            else:
                reason = f"no pool was watched as {budget.probe!r} before the call"
            if probe is None:
                early += [
                    unjudged(budget.probe, m, x, Verdict.NOT_MEASURED, reason) for m, x in limits.items()
                ]
            elif complaint is not None:
                early += [
                    unjudged(budget.probe, m, x, Verdict.UNAVAILABLE, complaint) for m, x in limits.items()
                ]
            else:
                guarded.append(Guarded(probe=probe, limits=limits, is_updating=self._settings.is_updating))
        if not budgets and self._settings.mode is Mode.OBSERVE:
            guarded.extend(
                Guarded(probe=probe, limits=_observed(probe))
                for probe in map(self._registry.probe, self._settings.observed_probes)
                if self._registry.complaint(probe.name) is None
            )
        # tracemalloc counts what the other probes allocate when they open, so its window opens last.
        guarded.sort(key=lambda g: g.probe.name == "python")
        return guarded, early

    def _limits(self, item: pytest.Item, budget: Budget, probe: Probe | None) -> dict[str, Limits]:
        """The limits that the budget has, in the order in which metrics are reported."""
        try:
            resolved = resolve_limits(
                budget,
                getattr(item, "funcargs", {}),
                lambda name, metric: self._baselines.get(item.nodeid, name, metric),
                floor_bytes=probe.noise_floor_bytes if probe else 0,
            )
        except BudgetError as error:
            file, line = location_of(item)
            raise BudgetError(f"{file}:{line}: memory_budget: {error}") from None
        return {metric: resolved[metric] for metric in METRICS if budget.limit(metric) is not None}

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
