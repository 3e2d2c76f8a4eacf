"""What a run found: the run file's shape, whose keys are a public contract."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from msgspec import Struct

from pytest_memguard.model.reading import Site
from pytest_memguard.model.timeline import Timeline
from pytest_memguard.model.verdict import Verdict

__all__ = ["SCHEMA", "Environment", "Measurement", "Run", "TestResult"]

SCHEMA = 1
Number: TypeAlias = int | float


class Measurement(Struct, frozen=True, kw_only=True, gc=False):
    """One number of one test, what it was held against, and what came of it."""

    probe: str
    metric: str
    value: Number | None
    unit: str
    budget: Number | None = None
    baseline: Number | None = None
    verdict: Verdict = Verdict.PASS
    reason: str = ""
    sites: tuple[Site, ...] = ()


class TestResult(Struct, frozen=True, kw_only=True, gc=False):
    """All measurements of one test."""

    __test__ = False  # pytest collects classes by this name otherwise

    nodeid: str
    file: str
    line: int  # 1-based
    verdict: Verdict
    measurements: tuple[Measurement, ...] = ()
    guarded: bool = True  # it carries a budget; false for a test that was only observed
    reason: str = ""  # why nothing was measured, where nothing was
    failed: bool = False  # other than by a budget, or skipped: its numbers are those of a part of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Where a run took place."""

    machine_class: str
    python: str
    platform: str
    commit: str | None = None
    packages: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a test suite under memguard."""

    schema: int = SCHEMA
    environment: Environment
    tests: tuple[TestResult, ...] = ()
    unguarded: int = 0  # tests that ran without a budget and were not observed
    missing_baselines: tuple[str, ...] = ()  # "nodeid [probe metric]"
    orphaned_baselines: tuple[str, ...] = ()
    timelines: tuple[Timeline, ...] = ()  # of memguard.record
