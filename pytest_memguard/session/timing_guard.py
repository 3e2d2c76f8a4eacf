"""The hooks that judge the time of tests which use pytest-benchmark."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs

from pytest_memguard.model import Verdict
from pytest_memguard.model.timing_baseline import TimingEntry
from pytest_memguard.session.budgets import BudgetError
from pytest_memguard.session.census import nodeid_of
from pytest_memguard.session.settings import Mode
from pytest_memguard.session.time_budget import time_budget_of, uses_benchmark
from pytest_memguard.session.transport import add_to_result, attach_refusal

if TYPE_CHECKING:
    from collections.abc import Generator

    from pytest_memguard.model.timing_baseline import TimingBaselines
    from pytest_memguard.session.settings import Settings
    from pytest_memguard.session.timing_confirmation import SecondOpinions, Suspicion
    from pytest_memguard.session.timing_judging import Judged, Subject

__all__ = ["TimingGuard"]


class TimingGuard:
    """Wraps the guard of memory: when a test's numbers are in, its time is added to them."""

    def __init__(self, settings: Settings, baselines: TimingBaselines) -> None:
        self._settings = settings
        self._baselines = baselines
        self.entries: dict[str, TimingEntry] = {}  # measured in this process
        self.remarks: dict[str, str] = {}
        self._opinions: SecondOpinions | None = None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        if not uses_benchmark(item):
            return (yield)
        try:
            outcome = yield
        except (KeyboardInterrupt, pytest.exit.Exception, pytest.skip.Exception):
            raise
        except BaseException:
            self._conclude(item, has_failed=True)
            raise
        self._conclude(item, has_failed=False)
        return outcome

    def _conclude(self, item: pytest.Item, *, has_failed: bool) -> None:
        try:
            judged = self._judged(item)
        except BudgetError as error:
            complaint = f"memguard: {error}"
            attach_refusal(item, str(error))
        else:
            complaint = self._attached(item, judged, has_failed=has_failed)
        if complaint and has_failed:
            item.add_report_section("call", "memguard", complaint)  # its own error stays first
        elif complaint:
            pytest.fail(complaint, pytrace=False)

    def _attached(self, item: pytest.Item, judged: Judged, *, has_failed: bool) -> str:
        """Put the time beside the numbers of memory; what to fail with, if anything."""
        measurement = judged.measurement
        if measurement.value is None and not judged.is_guarded:
            return ""
        if self._settings.is_updating and measurement.verdict is Verdict.INCONCLUSIVE:
            measurement = structs.replace(measurement, verdict=Verdict.PASS, reason="")
        if judged.remark:
            self.remarks[nodeid_of(item)] = judged.remark
        add_to_result(item, (measurement,), is_guarded=judged.is_guarded, has_failed=has_failed)
        is_red = measurement.verdict is Verdict.FAIL and self._settings.mode is not Mode.OBSERVE
        return measurement.reason if is_red else ""

    def _judged(self, item: pytest.Item) -> Judged:
        from pytest_memguard.session.timing_confirmation import SecondOpinions  # noqa: PLC0415
        from pytest_memguard.session.timing_judging import judge_time, no_time  # noqa: PLC0415
        from pytest_memguard.session.timing_sample import sample_of  # noqa: PLC0415

        subject, sample = self._subject(item), sample_of(item)
        if isinstance(sample, str):
            return no_time(subject, self._baselines, sample)
        self.entries[nodeid_of(item)] = TimingEntry(
            code=subject.code, minima=(sample.minimum,), quantiles=(sample.quartiles,)
        )
        baselines = self._baselines
        if (
            self._settings.is_updating
        ):  # numbers become the new baselines instead of being held against the old ones
            baselines = replace(baselines, benchmarks={})

        def second_opinion(suspicion: Suspicion) -> tuple[Verdict, str] | None:
            if self._settings.mode is Mode.OBSERVE:
                return None
            if hasattr(
                item.ihook, "pytest_timeout_cancel_timer"
            ):  # pytest-timeout's: the test itself has ended
                item.ihook.pytest_timeout_cancel_timer(item=item)
            if self._opinions is None:
                self._opinions = SecondOpinions(item.config.rootpath)
            return self._opinions.of(suspicion)

        return judge_time(subject, sample.minimum, baselines, second_opinion)

    def _subject(self, item: pytest.Item) -> Subject:
        from pytest_memguard.session.timing_judging import Subject  # noqa: PLC0415
        from pytest_memguard.session.timing_reference import machine_name, now  # noqa: PLC0415
        from pytest_memguard.session.timing_sample import code_hash  # noqa: PLC0415

        return Subject(
            nodeid=nodeid_of(item),
            machine=machine_name(),
            today=now()[:10],
            code=code_hash(item),
            budget=time_budget_of(item),
        )
