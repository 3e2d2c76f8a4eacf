"""The kernels of one test, held against its budgets and what is committed."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from pytest_memguard.gate import Limits, judge
from pytest_memguard.model import KERNEL_METRICS
from pytest_memguard.session.judging import unjudged
from pytest_memguard.session.limits import given_limit
from pytest_memguard.store.kernel_baselines import other_compilers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_memguard.model import KernelBudget, KernelResources, Measurement, Verdict
    from pytest_memguard.store.kernel_baselines import Baselines

__all__ = ["covers", "judge_kernels", "no_kernels"]


def covers(budget: KernelBudget, kernel: KernelResources) -> bool:
    """Whether the budget is about this kernel."""
    return fnmatchcase(kernel.kernel, budget.kernel) and fnmatchcase(kernel.architecture, budget.arch)


def judge_kernels(
    kernels: Sequence[KernelResources],
    budgets: Sequence[KernelBudget],
    arguments: Mapping[str, Any],
    *,
    nodeid: str,
    baselines: Baselines,
    is_updating: bool,
) -> Iterator[Measurement]:
    """A measurement for every number that is limited: of the budgets that cover a kernel the first one counts.

    Raises
    ------
    BudgetError
        When a callable budget raises or gives no number.
    """
    for kernel in kernels:
        for metric in KERNEL_METRICS:
            given = [each.limit(metric) for each in budgets if covers(each, kernel)]
            limit = next((each for each in given if each is not None), None)
            if limit is None:
                continue
            if is_updating and limit == "baseline":
                limit = None  # what is measured now is right
            limits = Limits(
                limit=given_limit(metric, limit, arguments),
                baseline=baselines.get(nodeid, kernel.probe, metric),
            )
            note = _note(kernel, metric, limits, other_compilers(baselines, nodeid, kernel.probe))
            value = getattr(kernel, metric)
            yield judge(kernel.probe, metric, value, limits, note=note, source=str(kernel))


def _note(kernel: KernelResources, metric: str, limits: Limits, others: Sequence[str]) -> str:
    if limits.limit == "baseline" and limits.baseline is None and others:
        return f"committed for {', '.join(others)}, measured with {kernel.compiler}"
    if kernel.is_loaded and metric == "spill_bytes" and kernel.spill_bytes:
        return "local memory: the driver does not tell spills from arrays"
    return ""


def no_kernels(budget: KernelBudget, verdict: Verdict, reason: str) -> Iterator[Measurement]:
    """Every number that the budget limits, as one that is not to be had."""
    selected = (name for name in (budget.kernel, budget.arch) if name != "*")
    for metric, limit in budget.limits:
        known = limit if isinstance(limit, (int, float)) else None
        probe = " ".join(("kernel", *selected))
        yield unjudged(probe, metric, Limits(limit=known), verdict, reason)
