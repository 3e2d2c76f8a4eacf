"""The hooks that measure and judge; registered only where memguard is on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_memguard.model import Measurement, TestResult, Verdict
from pytest_memguard.reports.failure import failure_lines
from pytest_memguard.session.benchmarked import BenchmarkTarget
from pytest_memguard.session.budgets import BudgetError
from pytest_memguard.session.calls import Calls
from pytest_memguard.session.census import nodeid_of
from pytest_memguard.session.markers import location_of
from pytest_memguard.session.places import with_short_places
from pytest_memguard.session.rounds import was_skipped_quietly
from pytest_memguard.session.settings import Mode
from pytest_memguard.session.transport import RESULT, attach_refusal, attach_result

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from pytest_memguard.probes.memray_stacks import MemrayStacks
    from pytest_memguard.session.observing import Observation, Observer
    from pytest_memguard.session.planning import Plan, Planner
    from pytest_memguard.session.settings import Settings

__all__ = ["Guard"]


class Guard:
    """Measures every test that has a budget, and every other test where there is an ``observer``."""

    def __init__(self, settings: Settings, planner: Planner, observer: Observer | None) -> None:
        self._settings = settings
        self._planner = planner
        self._observer = observer

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Innermost of all wrappers, so that what the others allocate stays outside the windows."""
        if RESULT in item.stash:
            del item.stash[RESULT]  # of the run before this rerun
        plan = self._plan(item)
        if not plan.guarded and (self._observer is None or plan.is_guarded):
            outcome = yield
            if plan.unmeasured:
                self._conclude(item, plan, (), has_failed=False)
            return outcome
        if (target := BenchmarkTarget.of(item)) is not None:
            outcome = yield  # timed with every probe closed
            self._measure_target(item, plan, target)
            return outcome
        calls = self._calls(item, plan)
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
            self._conclude(item, plan, calls.measurements(), has_failed=True)
            raise
        else:
            numbers = tuple(calls.measurements())
        finally:
            calls.close()
        self._conclude(item, plan, numbers, has_failed=calls.has_failed)
        return outcome

    def _plan(self, item: pytest.Item) -> Plan:
        complaint = ""
        try:
            return self._planner.plan(item)
        except BudgetError as error:
            complaint = str(error)
        attach_refusal(item, complaint)
        # Outside of the handler: the chain of causes would only repeat it.
        pytest.fail(f"memguard: {complaint}", pytrace=False)

    def _calls(
        self, item: pytest.Item, plan: Plan, body: Callable[[], object] | None = None
    ) -> Calls | Observation:
        if self._observer is not None and not plan.is_guarded:
            return self._observer.observe(item)
        stacks: MemrayStacks | None = None
        if self._settings.blame == "memray" and plan.limits_a_peak:
            from pytest_memguard.probes.memray_stacks import MemrayStacks  # noqa: PLC0415 - asked for

            stacks = MemrayStacks() if MemrayStacks.is_installed() else None
        return Calls(item, plan.guarded, rounds=plan.rounds, warmup=plan.warmup, body=body, stacks=stacks)

    def _measure_target(self, item: pytest.Item, plan: Plan, target: BenchmarkTarget) -> None:
        """Call what was timed once more, now with the probes open."""
        calls = self._calls(item, plan, body=target.call)
        try:
            if target.was_used:
                with calls.first():
                    target.call()
                calls.repeat()
            numbers = tuple(calls.measurements())
        finally:
            calls.close()
        self._conclude(item, plan, numbers, has_failed=False)

    def _conclude(
        self, item: pytest.Item, plan: Plan, numbers: Iterable[Measurement], *, has_failed: bool
    ) -> None:
        """Attach the result; fail the test on a broken budget unless it failed by itself."""
        file, line = location_of(item)
        measurements = with_short_places((*plan.unmeasured, *numbers), item.config.rootpath)
        result = TestResult(
            nodeid=nodeid_of(item),
            file=file,
            line=line,
            verdict=Verdict.gravest([measurement.verdict for measurement in measurements]),
            measurements=measurements,
            guarded=plan.is_guarded,
            failed=has_failed,
        )
        attach_result(item, result)
        if result.verdict is not Verdict.FAIL or self._settings.mode is Mode.OBSERVE:
            return
        text = "\n".join(failure_lines(measurements, self._settings.top))
        if has_failed:
            item.add_report_section("call", "memguard", text)  # its own error stays first
        else:
            pytest.fail(text, pytrace=False)
