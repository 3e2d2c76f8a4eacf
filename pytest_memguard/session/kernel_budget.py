"""The ``kernel_budget`` markers of a test, found and checked at collection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_memguard.model import KERNEL_METRICS, KernelBudget
from pytest_memguard.session.budgets import BudgetError, check_limit
from pytest_memguard.session.marker_lines import located
from pytest_memguard.session.markers import argument_names, has_marker, marks_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import pytest

__all__ = ["has_kernel_budget", "kernel_budgets_of", "parse_kernel_budget"]

MARKER = "kernel_budget"
_SELECTORS = ("kernel", "arch")
_ACCEPTED = (*KERNEL_METRICS, *_SELECTORS)


def has_kernel_budget(item: pytest.Item) -> bool:
    return has_marker(item, MARKER)


def kernel_budgets_of(item: pytest.Item) -> tuple[KernelBudget, ...]:
    """Budgets of a test, in the order in which they are asked for a limit: what is named first, then the closest.

    Raises
    ------
    BudgetError
        Naming file and line of the wrong marker, what was got and what is accepted.
    """
    budgets: dict[tuple[str, str], KernelBudget] = {}
    for mark, is_repeated in marks_of(item, MARKER, _subject_of):
        if mark.args:
            raise located(item, mark, f"got positional arguments {mark.args!r}, accepted: keywords only")
        try:
            budget = parse_kernel_budget(mark.kwargs, argument_names(item))
        except BudgetError as error:
            raise located(item, mark, str(error)) from None
        if is_repeated:
            subject = f"kernel {budget.kernel!r}, arch {budget.arch!r}"
            raise located(item, mark, f"{subject} has two markers on one test, accepted: one")
        budgets.setdefault((budget.kernel, budget.arch), budget)
    return tuple(sorted(budgets.values(), key=lambda each: (each.kernel == "*", each.arch == "*")))


def _subject_of(mark: pytest.Mark) -> tuple[str, ...]:
    return tuple(str(mark.kwargs.get(name, "*")) for name in _SELECTORS)


def parse_kernel_budget(arguments: Mapping[str, Any], test_arguments: Collection[str]) -> KernelBudget:
    """Check every argument by name and value; ``test_arguments`` are what a callable limit may ask for."""
    for name in arguments:
        if name not in _ACCEPTED:
            raise BudgetError(f"got an argument {name!r}, accepted: {', '.join(_ACCEPTED)}")
    for name in _SELECTORS:
        glob = arguments.get(name, "*")
        if not isinstance(glob, str) or not glob:
            example = "'lj_*'" if name == "kernel" else "'sm_90'"
            raise BudgetError(
                f"{name}: got {glob!r}, accepted: a name or a pattern of names such as {example}"
            )
    limits = tuple(
        (metric, check_limit(metric, arguments[metric], test_arguments))
        for metric in KERNEL_METRICS
        if arguments.get(metric) is not None
    )
    if not limits:
        raise BudgetError(f"it limits nothing, accepted: at least one of {', '.join(KERNEL_METRICS)}")
    return KernelBudget(kernel=arguments.get("kernel", "*"), arch=arguments.get("arch", "*"), limits=limits)
