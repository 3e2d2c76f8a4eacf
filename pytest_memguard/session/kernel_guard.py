"""The hooks that judge GPU kernels; registered only where a test has a ``kernel_budget``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_memguard.kernels.loaded import is_kernel, noting, read_kernel
from pytest_memguard.model import Verdict
from pytest_memguard.reports.failure import failure_lines
from pytest_memguard.session.budgets import BudgetError
from pytest_memguard.session.census import nodeid_of
from pytest_memguard.session.kernel_budget import MARKER, has_kernel_budget, kernel_budgets_of
from pytest_memguard.session.kernel_judging import covers, judge_kernels, no_kernels
from pytest_memguard.session.kernel_record import RECORD, KernelRecord
from pytest_memguard.session.marker_lines import location_of
from pytest_memguard.session.settings import Mode
from pytest_memguard.session.transport import add_to_result, attach_refusal

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from pytest_memguard.model import KernelBudget, KernelResources
    from pytest_memguard.session.settings import Settings
    from pytest_memguard.store.kernel_baselines import Baselines

__all__ = ["KernelGuard"]


class KernelGuard:
    """Wraps the guard of memory: when a test's numbers are in, those of its kernels are added."""

    def __init__(self, settings: Settings, baselines: Baselines) -> None:
        self._settings = settings
        self._baselines = baselines

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Fixtures make kernels, too."""
        if not has_kernel_budget(item):
            return (yield)
        record = item.stash[RECORD] = KernelRecord()  # a rerun starts anew
        with noting(record.loadable):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        if not has_kernel_budget(item):
            return (yield)
        record = item.stash.setdefault(RECORD, KernelRecord())
        try:
            with noting(record.loadable):
                outcome = yield
        except (KeyboardInterrupt, pytest.exit.Exception):
            raise
        except pytest.skip.Exception:
            if record.unavailable:
                self._conclude(item, record, has_failed=True)
            raise
        except BaseException:
            self._conclude(item, record, has_failed=True)
            raise
        self._conclude(item, record, has_failed=False)
        return outcome

    def _conclude(self, item: pytest.Item, record: KernelRecord, *, has_failed: bool) -> None:
        """Attach the numbers; fail the test on a broken budget unless it failed by itself."""
        complaint = ""
        try:
            complaint = self._attached(item, record, has_failed=has_failed)
        except BudgetError as error:
            complaint = f"memguard: {error}"
            attach_refusal(item, str(error))
        if not complaint or self._settings.mode is Mode.OBSERVE:
            return
        if has_failed:
            item.add_report_section("call", "memguard", complaint)  # its own error stays first
        else:
            pytest.fail(complaint, pytrace=False)

    def _attached(self, item: pytest.Item, record: KernelRecord, *, has_failed: bool) -> str:
        """What to fail with, if anything."""
        budgets = kernel_budgets_of(item)
        try:
            kernels = _kernels_of(item, record)
            measurements = list(
                judge_kernels(
                    kernels,
                    budgets,
                    getattr(item, "funcargs", {}),
                    nodeid=nodeid_of(item),
                    baselines=self._baselines,
                    is_updating=self._settings.is_updating,
                )
            )
        except BudgetError as error:
            raise _located(item, str(error)) from None
        idle = [budget for budget in budgets if not any(covers(budget, kernel) for kernel in kernels)]
        failing = [measurement for measurement in measurements if measurement.verdict is Verdict.FAIL]
        complaint = "\n".join(failure_lines(failing, self._settings.top))
        for budget in idle:
            reason = "the test failed before this was compiled" if has_failed else _idle_text(budget, kernels)
            if record.unavailable:
                measurements += no_kernels(budget, Verdict.UNAVAILABLE, record.unavailable)
                continue
            measurements += no_kernels(budget, Verdict.NOT_MEASURED, f"kernels: {reason}")
            if not has_failed:
                complaint = complaint or f"memguard: {_located(item, reason)}"
        add_to_result(item, tuple(measurements), is_guarded=True, has_failed=has_failed)
        return complaint


def _kernels_of(item: pytest.Item, record: KernelRecord) -> Sequence[KernelResources]:
    """What was compiled, then what was loaded; a kernel that cannot be read leaves its reason in the record.

    Raises
    ------
    BudgetError
        When one name has several numbers: baselines and reports could hold only one of them.
    """
    arguments = getattr(item, "funcargs", {}).values()
    loadable = [*record.loadable, *((each.name, each) for each in arguments if is_kernel(each))]
    kernels: dict[str, KernelResources] = {}
    for each in (*record.compiled, *_loaded(loadable, record)):
        if kernels.setdefault(each.probe, each) != each:
            raise BudgetError(
                f"got {each} compiled in two ways with different resources, accepted: one way in each test, "
                "such as one parameter of it"
            )
    return tuple(kernels.values())


def _loaded(loadable: Sequence[tuple[str, Any]], record: KernelRecord) -> Iterator[KernelResources]:
    for name, kernel in loadable:
        try:
            yield read_kernel(name, kernel)
        except Exception as error:  # noqa: BLE001 - CuPy's own, of a machine without a device
            record.unavailable = record.unavailable or f"kernel {name} cannot be loaded: {error}"


def _located(item: pytest.Item, message: str) -> BudgetError:
    file, line = location_of(item)
    return BudgetError(f"{file}:{line}: {MARKER}: {message}")


def _idle_text(budget: KernelBudget, kernels: Sequence[KernelResources]) -> str:
    if not kernels:
        return (
            "got a test that compiles no kernel, accepted: one that does, with memguard.compile_kernels "
            "or as cupy.RawKernel or cupy.RawModule"
        )
    names = ", ".join(dict.fromkeys(f"{each.kernel} ({each.architecture})" for each in kernels))
    return f"got kernel={budget.kernel!r}, arch={budget.arch!r}, accepted: {names}"
