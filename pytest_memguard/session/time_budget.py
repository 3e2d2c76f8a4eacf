"""The ``time_budget`` of a test, found and checked at collection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_memguard.session.budgets import BudgetError
from pytest_memguard.session.marker_lines import located
from pytest_memguard.session.markers import marks_of
from pytest_memguard.units import parse_percent, parse_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

__all__ = ["TimeBudget", "parse_time_budget", "time_budget_of", "uses_benchmark"]

MARKER = "time_budget"
_ACCEPTED = ("max", "regression")
_FIXTURES = frozenset({"benchmark", "benchmark_weave"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeBudget:
    """What one marker asks for; ``None`` where it says nothing."""

    max_seconds: float | None = None  # per call
    regression: float | None = None  # share by which it may be slower than what is committed


def uses_benchmark(item: pytest.Item) -> bool:
    """Whether pytest-benchmark times this test."""
    return not _FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))


def time_budget_of(item: pytest.Item) -> TimeBudget | None:
    """The closest marker's budget.

    Raises
    ------
    BudgetError
        Naming file and line of the wrong marker, what was got and what is accepted.
    """
    closest = None
    for mark, is_repeated in marks_of(item, MARKER, lambda _: MARKER):
        budget = _checked(item, mark)
        if is_repeated:
            raise located(item, mark, "the test has two of these markers, accepted: one")
        closest = closest or budget
    return closest


def _checked(item: pytest.Item, mark: pytest.Mark) -> TimeBudget:
    if mark.args:
        raise located(item, mark, f"got positional arguments {mark.args!r}, accepted: keywords only")
    try:
        budget = parse_time_budget(mark.kwargs)
    except BudgetError as error:
        raise located(item, mark, str(error)) from None
    if not uses_benchmark(item):
        names = ", ".join(getattr(item, "fixturenames", ())) or "none"
        raise located(
            item,
            mark,
            f"got a test with the fixtures {names}, accepted: one that uses pytest-benchmark's `benchmark`",
        )
    return budget


def parse_time_budget(arguments: Mapping[str, Any]) -> TimeBudget:
    """Check every argument by name and value."""
    for name in arguments:
        if name not in _ACCEPTED:
            raise BudgetError(f"got an argument {name!r}, accepted: {', '.join(_ACCEPTED)}")
    given = {name: value for name, value in arguments.items() if value is not None}
    if not given:
        raise BudgetError(f"it limits nothing, accepted: at least one of {', '.join(_ACCEPTED)}")
    parsers = {"max": parse_seconds, "regression": parse_percent}
    values = {}
    for name, value in given.items():
        try:
            values[name] = parsers[name](value)
        except ValueError as error:
            raise BudgetError(f"{name}: {error}") from None
    return TimeBudget(max_seconds=values.get("max"), regression=values.get("regression"))
