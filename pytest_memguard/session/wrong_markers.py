"""Wrong markers: collection errors of their files, while all other files run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_memguard.session.budgets import BudgetError
from pytest_memguard.session.kernel_budget import kernel_budgets_of
from pytest_memguard.session.markers import budgets_of
from pytest_memguard.session.time_budget import time_budget_of

if TYPE_CHECKING:
    from collections.abc import Generator

    from pytest_memguard.session.registry import ProbeRegistry
    from pytest_memguard.session.settings import Settings

__all__ = ["WrongMarkers"]


class WrongMarkers:
    """Checks every marker when its test is collected."""

    def __init__(self, settings: Settings, registry: ProbeRegistry) -> None:
        self._settings = settings
        self._registry = registry
        self._refused: set[str] = set()
        self._has_other_errors = False

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        report = yield
        errors = []
        for item in report.result or ():
            if isinstance(item, pytest.Item):
                try:
                    budgets_of(item, self._settings, self._registry)
                    time_budget_of(item)
                    kernel_budgets_of(item)
                except BudgetError as error:
                    errors.append(str(error))
        if not errors:
            return report
        self._refused.add(collector.nodeid)
        return pytest.CollectReport(
            nodeid=collector.nodeid,
            outcome="failed",
            longrepr="\n".join(dict.fromkeys(errors)),
            result=[],
        )

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and report.nodeid not in self._refused:
            self._has_other_errors = True

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """A wrong marker says nothing about other files: they run, and the exit status tells of the error."""
        option = session.config.option
        was_continuing = option.continue_on_collection_errors
        if self._refused and not self._has_other_errors:
            option.continue_on_collection_errors = True
        try:
            return (yield)
        finally:
            option.continue_on_collection_errors = was_continuing
