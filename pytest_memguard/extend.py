"""For extenders: the protocols of a probe, a pool and a report, and the nouns they speak in.

A probe is registered with the hook ``pytest_memguard_probes(config)``, a report with
``pytest_memguard_reports(config)``; ``pytest_memguard.testing`` has contract tests for both.
"""

from __future__ import annotations

from pytest_memguard.model import (
    METRICS,
    Counters,
    Curve,
    Environment,
    Measurement,
    PoolCounters,
    Probe,
    Reading,
    Report,
    Run,
    Site,
    TestResult,
    Timeline,
    Verdict,
    Window,
    WindowPlan,
)

__all__ = [
    "METRICS",
    "Counters",
    "Curve",
    "Environment",
    "Measurement",
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
