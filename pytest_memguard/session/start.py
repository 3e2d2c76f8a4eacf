"""Putting a run together from its parts."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

import pytest

from pytest_memguard.reports import FORMATS
from pytest_memguard.session.census import Census
from pytest_memguard.session.finish import Finish
from pytest_memguard.session.freezing import Freezing
from pytest_memguard.session.guard import Guard
from pytest_memguard.session.kernel_budget import has_kernel_budget
from pytest_memguard.session.observing import Observer
from pytest_memguard.session.planning import Planner
from pytest_memguard.session.registry import ProbeRegistry
from pytest_memguard.session.settings import Mode, Settings, parse_settings
from pytest_memguard.session.subtests import SubtestReports
from pytest_memguard.session.time_budget import uses_benchmark
from pytest_memguard.session.timing_finish import TimingFinish
from pytest_memguard.session.timing_guard import TimingGuard
from pytest_memguard.session.transport import Collector, ResultCarrier
from pytest_memguard.session.wrong_markers import WrongMarkers
from pytest_memguard.store import kernel_baselines, memory_baselines, timing_baselines
from pytest_memguard.store.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["REGISTRY", "SETTINGS", "registry_of", "start"]

SETTINGS = pytest.StashKey[Settings]()
REGISTRY = pytest.StashKey[ProbeRegistry]()


def registry_of(config: pytest.Config) -> ProbeRegistry:
    """The run's probes, made when first asked for: windows nest only within one instance of a probe."""
    if REGISTRY not in config.stash:
        config.stash[REGISTRY] = ProbeRegistry(_added(config, "pytest_memguard_probes"))
    return config.stash[REGISTRY]


def _added(config: pytest.Config, hook: str) -> list[Any]:
    """What plugins add by a hook.

    Raises
    ------
    pytest.UsageError
        When one of them returns something that is no series.
    """
    given = getattr(config.hook, hook)(config=config)
    for each in given:
        if not isinstance(each, Iterable):
            raise pytest.UsageError(f"{hook}: got {each!r}, accepted: a list")
    return [*chain.from_iterable(given)]


def start(config: pytest.Config) -> None:
    """Register everything that a measuring run needs.

    Raises
    ------
    pytest.UsageError
        For a setting or a file of baselines that cannot be read.
    """
    registry = registry_of(config)
    formats = FORMATS | {report.name: report for report in _added(config, "pytest_memguard_reports")}
    settings = parse_settings(config, probes=tuple(registry), formats=tuple(formats))
    try:
        baselines = memory_baselines.load(settings.baselines)
        times = timing_baselines.load(settings.baselines)
        kernels = kernel_baselines.load(settings.baselines)
    except StoreError as error:
        raise pytest.UsageError(f"memguard: {error}") from error
    config.stash[SETTINGS] = settings
    register = config.pluginmanager.register
    census = Census()
    observer = Observer(settings, registry) if settings.mode is Mode.OBSERVE else None
    planner = Planner(settings, registry, baselines)
    register(Guard(settings, planner, observer), "memguard-guard")
    timing_guard = TimingGuard(settings, times)
    register(
        _WhenCollected(planner, timing_guard, partial(_kernel_guard, settings, kernels)),
        "memguard-when-collected",
    )
    register(WrongMarkers(settings, registry), "memguard-wrong-markers")
    register(ResultCarrier(config), "memguard-carrier")
    register(census, "memguard-census")
    if not hasattr(config, "workerinput"):  # xdist's workers measure; the controller alone reports and writes
        collector = Collector()
        register(collector, "memguard-collector")
        register(TimingFinish(settings, collector, timing_guard, times), "memguard-timing-finish")
        committed = memory_baselines.Baselines(
            entries={nodeid: {} for nodeid in (*times.nodeids, *kernels)} | dict(baselines.entries)
        )
        register(Finish(settings, collector, census, committed, formats), "memguard-finish")


def _kernel_guard(settings: Settings, baselines: kernel_baselines.Baselines) -> object:
    from pytest_memguard.session.kernel_guard import KernelGuard  # noqa: PLC0415 - for suites with kernels

    return KernelGuard(settings, baselines)


class _WhenCollected:
    """Wrappers that only some suites need, for every one of them costs every test."""

    def __init__(
        self, planner: Planner, timing_guard: TimingGuard, guard_kernels: Callable[[], object]
    ) -> None:
        self._planner = planner
        self._timing_guard = timing_guard
        self._guard_kernels = guard_kernels

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        register = session.config.pluginmanager.register
        if judging_leaks := {item.nodeid for item in session.items if self._planner.judges_leak(item)}:
            register(Freezing(self._planner), "memguard-freezing")
            register(SubtestReports(judging_leaks), "memguard-subtests")
        if any(map(uses_benchmark, session.items)):
            register(self._timing_guard, "memguard-timing-guard")
        if any(map(has_kernel_budget, session.items)):
            register(self._guard_kernels(), "memguard-kernel-guard")
