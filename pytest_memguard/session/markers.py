"""The budgets that a test carries, found and checked at collection."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pytest_memguard.session.budgets import BudgetError, parse_budget

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    import pytest

    from pytest_memguard.model import Budget
    from pytest_memguard.session.settings import Settings

__all__ = ["budgets_of", "location_of"]

MARKER = "memory_budget"


def location_of(item: pytest.Item) -> tuple[str, int]:
    """File relative to rootdir with forward slashes, and the 1-based line of the test."""
    file, line, _ = item.location
    return file.replace("\\", "/"), (line or 0) + 1


def budgets_of(item: pytest.Item, settings: Settings, probes: Collection[str]) -> tuple[Budget, ...]:
    """Budgets of a test, one per probe, the closest marker winning.

    Raises
    ------
    BudgetError
        Naming file and line of the wrong marker, what was got and what is accepted.
    """
    marks = _marks(item)
    if not marks and not settings.path_budgets:
        return ()  # most tests of most suites
    fixtures = _argument_names(item)
    known_probes = None if "memguard" in fixtures else frozenset(probes)
    # A callable may ask for whatever the test itself is given.
    budgets = {b.probe: b for b in settings.budgets_for_path(location_of(item)[0])}
    for mark, is_repeated in reversed(marks):  # the closest last: it wins
        if mark.args:
            raise _located(item, mark, f"got positional arguments {mark.args!r}, accepted: keywords only")
        try:
            budget = parse_budget(mark.kwargs, known_probes=known_probes, test_arguments=fixtures)
        except BudgetError as error:
            raise _located(item, mark, str(error)) from None
        if is_repeated:
            raise _located(
                item, mark, f"probe {budget.probe!r} has two markers on one test, accepted: one per probe"
            )
        budgets[budget.probe] = budget
    return tuple(budgets.values())


def _argument_names(item: pytest.Item) -> frozenset[str]:
    return frozenset(getattr(item, "fixturenames", ()))


def _marks(item: pytest.Item) -> list[tuple[pytest.Mark, bool]]:
    """Marks from the closest on, and whether the test's own decorators repeat a probe.

    Within one node pytest lists the marks of base classes and inner decorators first, and those of ``pytest.param``
    last, so each node is read backwards.
    """
    callspec = getattr(item, "callspec", None)
    by_parameter = {id(mark) for mark in callspec.marks} if callspec else set()
    found = []
    own_probes = set()
    for node in reversed(item.listchain()):
        for mark in reversed(node.own_markers):
            if mark.name != MARKER:
                continue
            is_repeated = False
            if node is item and id(mark) not in by_parameter:
                probe = str(mark.kwargs.get("probe", "python"))
                is_repeated = probe in own_probes
                own_probes.add(probe)
            found.append((mark, is_repeated))
    return found


def _located(item: pytest.Item, mark: pytest.Mark, message: str) -> BudgetError:
    file, line = location_of(item)
    line = _line_of_call(item.path, mark.kwargs, line) or line
    shown = ", ".join([*map(repr, mark.args), *(f"{name}={value!r}" for name, value in mark.kwargs.items())])
    return BudgetError(f"{file}:{line}: {MARKER}({shown}): {message}")


def _line_of_call(path: Path, kwargs: Mapping[str, Any], line: int) -> int | None:
    """The line on which ``memory_budget(...)`` with these literals stands, the nearest one above the test first."""
    candidates = [
        number for number, literals in _calls(path) if literals.items() <= _hashable(kwargs).items()
    ]
    return min(candidates, key=lambda number: (number > line, abs(number - line)), default=None)


def _hashable(kwargs: Mapping[str, Any]) -> dict[str, str]:
    return {name: repr(value) for name, value in kwargs.items()}


@lru_cache(maxsize=16)
def _calls(path: Path) -> tuple[tuple[int, dict[str, str]], ...]:
    """Line and literal keywords of every ``memory_budget(...)`` in a file."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return ()
    calls = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == MARKER:
            literals = {}
            for keyword in node.keywords:
                if keyword.arg and isinstance(keyword.value, ast.Constant):
                    literals[keyword.arg] = repr(keyword.value.value)
            calls.append((node.lineno, literals))
    return tuple(calls)
