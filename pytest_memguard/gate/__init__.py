"""From a number and what it is held against to a verdict with its reason. Pure."""

from __future__ import annotations

from pytest_memguard.gate.judge import Limits, judge
from pytest_memguard.gate.tolerance import BASELINE_TOLERANCE, Tolerance, tolerance_of

__all__ = ["BASELINE_TOLERANCE", "Limits", "Tolerance", "judge", "tolerance_of"]
