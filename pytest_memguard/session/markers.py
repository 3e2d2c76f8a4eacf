"""The budgets that a test carries, found and checked at collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_memguard.session.budgets import BudgetError, parse_budget
from pytest_memguard.session.marker_lines import located, location_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import pytest

    from pytest_memguard.model import Budget
    from pytest_memguard.session.settings import Settings

__all__ = ["argument_names", "budgets_of", "has_marker", "location_of", "marks_of"]

MARKER = "memory_budget"


def budgets_of(item: pytest.Item, settings: Settings, probes: Collection[str]) -> tuple[Budget, ...]:
    """Budgets of a test, one per probe, the closest marker winning.

    Raises
    ------
    BudgetError
        Naming file and line of the wrong marker, what was got and what is accepted.
    """
    if not settings.path_budgets and not has_marker(item, MARKER):
        return ()  # most tests of most suites
    fixtures = argument_names(item)
    known_probes = None if "memguard" in fixtures else frozenset(probes)
    # A callable may ask for whatever the test itself is given.
    budgets = {b.probe: b for b in settings.budgets_for_path(location_of(item)[0])}
    for mark, is_repeated in reversed(marks_of(item, MARKER, _probe_of)):  # the closest last: it wins
        if mark.args:
            raise located(item, mark, f"got positional arguments {mark.args!r}, accepted: keywords only")
        try:
            budget = parse_budget(mark.kwargs, known_probes=known_probes, test_arguments=fixtures)
        except BudgetError as error:
            raise located(item, mark, str(error)) from None
        if is_repeated:
            raise located(
                item, mark, f"probe {budget.probe!r} has two markers on one test, accepted: one per probe"
            )
        budgets[budget.probe] = budget
    return tuple(budgets.values())


def _probe_of(mark: pytest.Mark) -> str:
    return str(mark.kwargs.get("probe", "python"))


def argument_names(item: pytest.Item) -> frozenset[str]:
    """What a callable budget of this test may ask for."""
    return frozenset(getattr(item, "fixturenames", ()))


def has_marker(item: pytest.Item, name: str) -> bool:
    """Whether there is such a marker, without making a list of them."""
    node: pytest.Item | pytest.Collector | None = item
    while node is not None:
        for mark in node.own_markers:
            if mark.name == name:
                return True
        node = node.parent
    return False


def marks_of(
    item: pytest.Item, name: str, subject_of: Callable[[pytest.Mark], object]
) -> list[tuple[pytest.Mark, bool]]:
    """Marks from the closest on, and whether the test's own decorators repeat a subject, such as a probe.

    Within one node pytest lists the marks of base classes and inner decorators first, and those of ``pytest.param``
    last, so each node is read backwards.
    """
    callspec = getattr(item, "callspec", None)
    by_parameter = {id(mark) for mark in callspec.marks} if callspec else set()
    found = []
    own_subjects = set()
    for node in reversed(item.listchain()):
        for mark in reversed(node.own_markers):
            if mark.name != name:
                continue
            is_repeated = False
            if node is item and id(mark) not in by_parameter:
                subject = subject_of(mark)
                is_repeated = subject in own_subjects
                own_subjects.add(subject)
            found.append((mark, is_repeated))
    return found
