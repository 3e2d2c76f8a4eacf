"""Hooks with which plugins add probes and reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_memguard.extend import Probe, Report

__all__ = ["pytest_memguard_probes", "pytest_memguard_reports"]


@pytest.hookspec
def pytest_memguard_probes(config: pytest.Config) -> Sequence[Probe]:  # type: ignore[empty-body]
    """Probes to add; one with the name of a built-in probe replaces it."""


@pytest.hookspec
def pytest_memguard_reports(config: pytest.Config) -> Sequence[Report]:  # type: ignore[empty-body]
    """Report formats to add to ``--memguard-report``."""
