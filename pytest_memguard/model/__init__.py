"""The nouns: frozen values that every room shares."""

from __future__ import annotations

from pytest_memguard.model.budget import KERNEL_METRICS, MEMORY_METRICS, METRICS, Budget, KernelBudget, Metric
from pytest_memguard.model.kernel import KernelResources
from pytest_memguard.model.protocols import PoolCounters, Probe, Report, Window, WindowPlan
from pytest_memguard.model.reading import Counters, Reading, Site
from pytest_memguard.model.run import SCHEMA, Environment, Measurement, Run, TestResult
from pytest_memguard.model.timeline import Curve, Timeline
from pytest_memguard.model.verdict import Verdict

__all__ = [
    "KERNEL_METRICS",
    "MEMORY_METRICS",
    "METRICS",
    "SCHEMA",
    "Budget",
    "Counters",
    "Curve",
    "Environment",
    "KernelBudget",
    "KernelResources",
    "Measurement",
    "Metric",
    "PoolCounters",
    "Probe",
    "Reading",
    "Report",
    "Run",
    "Site",
    "TestResult",
    "Timeline",
    "Verdict",
    "Window",
    "WindowPlan",
]
