"""Properties of a test case in JUnit's XML."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_memguard.model import TestResult

__all__ = ["properties"]


def properties(result: TestResult) -> list[tuple[str, object]]:
    """``memguard.<probe>.<metric>`` for every number of one test, and ``memguard.verdict``."""
    numbers: list[tuple[str, object]] = [
        (f"memguard.{measurement.probe}.{measurement.metric}", measurement.value)
        for measurement in result.measurements
        if measurement.value is not None
    ]
    return [*numbers, ("memguard.verdict", result.verdict.value)]
