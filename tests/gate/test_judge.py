import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memguard.gate import BASELINE_TOLERANCE, Limits, judge
from pytest_memguard.model import Verdict

MIB = 2**20


def test_a_broken_budget_is_one_sentence():
    measurement = judge("python", "peak", 40 * MIB, Limits(limit=39 * MIB))
    assert measurement.verdict is Verdict.FAIL
    assert measurement.reason == "peak 40.0 MiB, budget 39.0 MiB (+2.6 %), probe python"


def test_a_leak_is_per_call():
    measurement = judge("heap", "leak", MIB, Limits(limit=0), note="growth in call after call over 10 calls")
    assert measurement.reason == (
        "leak 1.0 MiB per call, budget 0 B, probe heap (growth in call after call over 10 calls)"
    )


def test_sizes_that_print_alike_are_told_apart_in_bytes():
    measurement = judge("python", "peak", 40 * MIB + 5000, Limits(limit=40 * MIB))
    assert measurement.reason == "peak 41,948,040 B, budget 41,943,040 B (+0.0 %), probe python"


def test_a_minimum_fails_from_below():
    assert judge("pool", "hit_rate", 0.9, Limits(limit=0.9)).verdict is Verdict.PASS
    measurement = judge("pool", "hit_rate", 0.5, Limits(limit=0.9))
    assert measurement.verdict is Verdict.FAIL
    assert measurement.reason == "hit rate 0.5, budget 0.9 (-44.4 %), probe pool"


def test_what_a_probe_cannot_tell_is_unavailable_and_not_zero():
    measurement = judge("rss", "fragmentation", None, Limits(limit=0.1))
    assert (measurement.verdict, measurement.value) == (Verdict.UNAVAILABLE, None)
    assert "cannot tell" in measurement.reason


def test_the_floor_is_what_the_probe_cannot_resolve():
    assert judge("heap", "leak", 4096, Limits(limit=0, floor=4096)).verdict is Verdict.PASS
    assert judge("heap", "leak", 4097, Limits(limit=0, floor=4096)).verdict is Verdict.FAIL


def test_a_number_without_a_limit_is_only_shown():
    measurement = judge("rss", "peak", 10**12, Limits())
    assert (measurement.verdict, measurement.budget, measurement.reason) == (Verdict.PASS, None, "")


@pytest.mark.parametrize(
    ("value", "verdict"),
    [(10 * MIB, "pass"), (10.2 * MIB + 4096, "pass"), (10.2 * MIB + 4097, "fail"), (5 * MIB, "pass")],
)
def test_baselines_have_two_percent_and_a_page(value, verdict):
    measurement = judge("python", "peak", value, Limits(limit="baseline", baseline=10 * MIB))
    assert measurement.verdict.value == verdict
    assert (measurement.budget, measurement.baseline) == (None, 10 * MIB)


def test_a_missing_baseline_is_inconclusive_and_says_what_to_do():
    measurement = judge("python", "peak", 1, Limits(limit="baseline"))
    assert measurement.verdict is Verdict.INCONCLUSIVE
    assert "--memguard-update" in measurement.reason


def test_an_improvement_is_told():
    reason = judge("python", "peak", MIB, Limits(limit="baseline", baseline=10 * MIB)).reason
    assert reason == "peak is below its baseline 10.0 MiB: --memguard-update lowers it"


@given(st.integers(0, 2**50), st.integers(0, 2**50))
def test_more_never_passes_where_less_fails(value, budget):
    if judge("python", "peak", value, Limits(limit=budget)).verdict is Verdict.FAIL:
        assert judge("python", "peak", value + 1, Limits(limit=budget)).verdict is Verdict.FAIL
        assert value > budget


@given(st.floats(0, 2**50), st.sampled_from(["B", "ratio"]))
def test_a_baseline_agrees_with_itself(baseline, unit):
    assert BASELINE_TOLERANCE.lowest(baseline, unit) <= baseline <= BASELINE_TOLERANCE.highest(baseline, unit)
