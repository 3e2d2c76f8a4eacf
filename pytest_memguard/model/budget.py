"""What one marker asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

__all__ = ["KERNEL_METRICS", "MEMORY_METRICS", "METRICS", "Budget", "KernelBudget", "Limit", "Metric"]

Limit = int | float | Literal["baseline"] | Callable[..., object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One number that a budget can limit."""

    name: str
    unit: str  # "B", "ratio" or "count"
    is_minimum: bool = False  # the budget is the smallest value allowed, not the largest


MEMORY_METRICS = {
    metric.name: metric
    for metric in (
        Metric(name="peak", unit="B"),
        Metric(name="leak", unit="B"),
        Metric(name="fragmentation", unit="ratio"),
        Metric(name="external_fragmentation", unit="ratio"),
        Metric(name="hit_rate", unit="ratio", is_minimum=True),
        Metric(name="allocations", unit="count"),
    )
}
KERNEL_METRICS = {
    metric.name: metric
    for metric in (
        Metric(name="registers", unit="count"),
        Metric(name="spill_bytes", unit="B"),
        Metric(name="stack_bytes", unit="B"),
        Metric(name="shared_bytes", unit="B"),
    )
}
METRICS = {**MEMORY_METRICS, **KERNEL_METRICS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """One ``memory_budget``: limits by metric name for one probe.

    A limit is a number in the metric's unit, ``"baseline"``, or a callable whose parameters are names of the
    test's own arguments. ``rounds`` and ``warmup`` are ``None`` where the author said nothing.
    """

    probe: str = "python"
    limits: tuple[tuple[str, Limit], ...] = ()
    rounds: int | Literal["auto"] | None = None
    warmup: int | None = None

    def limit(self, metric: str) -> Limit | None:
        return dict(self.limits).get(metric)


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelBudget:
    """One ``kernel_budget``: limits by metric name for the kernels and architectures that two globs name."""

    kernel: str = "*"
    arch: str = "*"
    limits: tuple[tuple[str, Limit], ...] = ()

    def limit(self, metric: str) -> Limit | None:
        return dict(self.limits).get(metric)
