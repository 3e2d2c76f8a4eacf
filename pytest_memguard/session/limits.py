"""The limits of one test, with its own arguments and its committed baselines filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pytest_memguard.gate import BASELINE_TOLERANCE, Limits
from pytest_memguard.model import MEMORY_METRICS
from pytest_memguard.session.budgets import call_limit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_memguard.model import Budget
    from pytest_memguard.model.budget import Limit

__all__ = ["allowed_bytes", "given_limit", "resolve_limits"]


def resolve_limits(
    budget: Budget,
    arguments: Mapping[str, Any],
    baseline: Callable[[str, str], float | None],
    *,
    floor_bytes: int,
) -> dict[str, Limits]:
    """Limits by metric; ``baseline(probe, metric)`` looks up the committed number.

    Raises
    ------
    BudgetError
        When a callable budget raises or returns no size.
    """
    return {
        metric: Limits(
            limit=given_limit(metric, budget.limit(metric), arguments),
            baseline=baseline(budget.probe, metric),
            floor=floor_bytes if MEMORY_METRICS[metric].unit == "B" else 0,
        )
        for metric in MEMORY_METRICS
    }


def given_limit(
    metric: str, limit: Limit | None, arguments: Mapping[str, Any]
) -> float | Literal["baseline"] | None:
    """``limit``, or what it comes to for these arguments of the test.

    Raises
    ------
    BudgetError
        When a callable budget raises or returns no size.
    """
    return call_limit(metric, limit, arguments) if callable(limit) else limit


def allowed_bytes(limits: Limits) -> float | None:
    """The most bytes that pass, without the probe's floor; ``None`` where nothing is limited."""
    if limits.limit == "baseline":
        return None if limits.baseline is None else BASELINE_TOLERANCE.highest(limits.baseline, "B")
    return limits.limit
