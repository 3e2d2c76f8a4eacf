"""Hypothesis: one window over all examples."""

from __future__ import annotations

import pytest

pytest.importorskip("hypothesis")


_PROFILE = """
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

settings.register_profile("traced", database=None, suppress_health_check=list(HealthCheck), deadline=None)
settings.load_profile("traced")
"""


def test_one_window_over_all_examples(pytester, run):
    pytester.makepyfile(
        _PROFILE
        + """
kept = []

@pytest.mark.memory_budget(peak="1 MiB")
@settings(max_examples=10)
@given(st.booleans())
def test_one_large_example(is_large):
    if is_large:
        bytearray(8 << 20)

@pytest.mark.memory_budget(leak="64 KiB")
@settings(max_examples=10)
@given(st.integers())
def test_leak(number):
    kept.append(bytearray(1 << 20))
"""
    )
    run.enforced(is_apart=True).assert_outcomes(failed=2)
    assert run.measurement("test_one_large_example", "peak")["value"] > 8 << 20
    assert run.measurement("test_leak", "leak")["value"] > 10 << 20


def test_its_own_caches_are_no_leak(pytester, run):
    pytester.makepyfile(
        _PROFILE
        + """
@pytest.mark.memory_budget(peak="64 MiB", leak="0 B")
@settings(max_examples=30)
@given(st.lists(st.integers()))
def test_nothing_kept(numbers):
    sorted(numbers)
"""
    )
    run.enforced(is_apart=True).assert_outcomes(passed=1)
