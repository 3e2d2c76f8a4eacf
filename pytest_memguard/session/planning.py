"""What to measure for a test, against which limits and over how many calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pytest_memguard.gate import Limits
from pytest_memguard.model import MEMORY_METRICS, Verdict
from pytest_memguard.session.budgets import BudgetError
from pytest_memguard.session.census import nodeid_of
from pytest_memguard.session.judging import unjudged
from pytest_memguard.session.limits import resolve_limits
from pytest_memguard.session.markers import budgets_of, location_of
from pytest_memguard.session.measuring import Guarded
from pytest_memguard.session.settings import Mode
from pytest_memguard.session.watching import WATCHED

if TYPE_CHECKING:
    import pytest

    from pytest_memguard.model import Budget, Measurement, Probe
    from pytest_memguard.session.registry import ProbeRegistry
    from pytest_memguard.session.settings import Settings
    from pytest_memguard.store.memory_baselines import Baselines

__all__ = ["Plan", "Planner"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """For one test: what gets windows, what is known not to be measured, and the calls."""

    guarded: tuple[Guarded, ...]
    unmeasured: tuple[Measurement, ...]
    is_guarded: bool  # it carries a budget; otherwise it is at most observed
    rounds: int | Literal["auto"] = 1
    warmup: int | None = None

    @property
    def limits_a_peak(self) -> bool:
        return any(guarded.peak_limit_bytes is not None for guarded in self.guarded)


_NOTHING = Plan(guarded=(), unmeasured=(), is_guarded=False)


class Planner:
    """Reads the markers of a test, its arguments, its watched pools and its baselines."""

    def __init__(self, settings: Settings, registry: ProbeRegistry, baselines: Baselines) -> None:
        self._settings = settings
        self._registry = registry
        self._baselines = baselines

    def judges_leak(self, item: pytest.Item) -> bool:
        """Whether a leak is looked for. A wrong marker, added after the collection, is told by the call."""
        try:
            budgets = budgets_of(item, self._settings, self._registry)
        except BudgetError:
            return False
        return any(budget.limit("leak") is not None for budget in budgets)

    def plan(self, item: pytest.Item) -> Plan:
        """Markers may have been added since the collection, so they are read again.

        Raises
        ------
        BudgetError
            For a wrong marker, or a callable budget that gives no size.
        """
        budgets = budgets_of(item, self._settings, self._registry)
        if not budgets:
            return _NOTHING
        guarded: list[Guarded] = []
        unmeasured: list[Measurement] = []
        for budget in budgets:
            found = self._guarded(item, budget)
            if isinstance(found, Guarded):
                guarded.append(found)
            else:
                unmeasured += found
        # tracemalloc counts what the other probes allocate when they open, so its window opens last.
        guarded.sort(key=lambda g: g.probe.name == "python")
        return Plan(
            guarded=tuple(guarded),
            unmeasured=tuple(unmeasured),
            is_guarded=True,
            rounds=self._rounds(budgets),
            warmup=self._warmup(budgets),
        )

    def _guarded(self, item: pytest.Item, budget: Budget) -> Guarded | list[Measurement]:
        """The probe with its limits, or why each of its metrics is not measured."""
        name = budget.probe
        probe: Probe | None = item.stash.get(WATCHED, {}).get(name)
        complaint = None
        if probe is None and name in self._registry:
            probe, complaint = self._registry.probe(name), self._registry.complaint(name)
        try:
            limits = self._limits(item, budget, probe)
        except BudgetError as error:
            if self._settings.mode is not Mode.OBSERVE:
                raise
            unknown = dict.fromkeys(dict(budget.limits), Limits())
            return [unjudged(name, m, x, Verdict.NOT_MEASURED, str(error)) for m, x in unknown.items()]
        if probe is None:
            reason = f"no pool was watched as {name!r} before the call"
            return [unjudged(name, m, x, Verdict.NOT_MEASURED, reason) for m, x in limits.items()]
        if complaint is not None:
            return [unjudged(name, m, x, Verdict.UNAVAILABLE, complaint) for m, x in limits.items()]
        return Guarded(probe=probe, limits=limits, is_updating=self._settings.is_updating)

    def _limits(self, item: pytest.Item, budget: Budget, probe: Probe | None) -> dict[str, Limits]:
        """The limits that the budget has, in the order in which metrics are reported."""
        try:
            resolved = resolve_limits(
                budget,
                getattr(item, "funcargs", {}),
                lambda name, metric: self._baselines.get(nodeid_of(item), name, metric),
                floor_bytes=probe.noise_floor_bytes if probe else 0,
            )
        except BudgetError as error:
            file, line = location_of(item)
            raise BudgetError(f"{file}:{line}: memory_budget: {error}") from None
        return {metric: resolved[metric] for metric in MEMORY_METRICS if budget.limit(metric) is not None}

    def _rounds(self, budgets: tuple[Budget, ...]) -> int | Literal["auto"]:
        asked = [budget.rounds for budget in budgets if budget.rounds is not None]
        if not asked:
            return self._settings.rounds
        return "auto" if "auto" in asked else max(count for count in asked if count != "auto")

    def _warmup(self, budgets: tuple[Budget, ...]) -> int | None:
        asked = [budget.warmup for budget in budgets if budget.warmup is not None]
        if not asked:
            return self._settings.warmup
        return max(asked)
