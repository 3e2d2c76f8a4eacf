from __future__ import annotations

import pytest
from hypothesis import given

from pytest_memguard.cli.comparison import Outcome, compare_runs
from pytest_memguard.gate.tolerance import BASELINE_TOLERANCE
from pytest_memguard.model import Measurement, Verdict
from tests.cli.samples import MiB, measured, result, run_of
from tests.store.strategies import runs, unhurried


def outcome(a: Measurement | None, b: Measurement | None) -> Outcome:
    run_a, run_b = (run_of(result("t", *([each] if each else []))) for each in (a, b))
    [difference] = compare_runs(run_a, run_b, BASELINE_TOLERANCE).differences
    return difference.outcome


@pytest.mark.parametrize(
    ("metric", "a", "b", "expected"),
    [
        ("peak", 10 * MiB, int(10.2 * MiB) + 4096, Outcome.SAME),
        ("peak", 10 * MiB, int(10.2 * MiB) + 4098, Outcome.WORSE),
        ("peak", 10 * MiB, 9 * MiB, Outcome.BETTER),
        ("leak", 0, 4096, Outcome.SAME),
        ("leak", -MiB, -MiB, Outcome.SAME),
        ("leak", -MiB, -MiB // 2, Outcome.WORSE),
        ("leak", 0, 4097, Outcome.WORSE),
        ("fragmentation", 0.5, 0.51, Outcome.SAME),
        ("fragmentation", 0.5, 0.52, Outcome.WORSE),
        ("hit_rate", 0.5, 0.48, Outcome.WORSE),
        ("hit_rate", 0.5, 0.52, Outcome.BETTER),
        ("allocations", 100, 102, Outcome.SAME),
        ("allocations", 100, 103, Outcome.WORSE),
    ],
)
def test_worse_is_beyond_the_tolerance_in_the_wrong_direction(metric, a, b, expected):
    assert outcome(measured(metric, a), measured(metric, b)) is expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (measured(), None, Outcome.ONLY_IN_A),
        (None, measured(), Outcome.ONLY_IN_B),
        (measured(), measured(value=None), Outcome.NOT_COMPARABLE),
        (measured(value=None), measured(), Outcome.NOT_COMPARABLE),
        (measured(value=None), measured(value=None), Outcome.SAME),
        (measured(), measured(verdict=Verdict.FAIL), Outcome.FAILS_NOW),
        (measured(verdict=Verdict.FAIL), measured(verdict=Verdict.FAIL), Outcome.SAME),
        (
            measured(),
            Measurement(probe="python", metric="peak", value=40 * MiB, unit="MiB"),
            Outcome.NOT_COMPARABLE,
        ),
    ],
)
def test_what_is_no_matter_of_tolerance(a, b, expected):
    assert outcome(a, b) is expected


def test_a_test_that_fails_in_b_alone_is_a_regression_without_any_number():
    comparison = compare_runs(
        run_of(result("t")), run_of(result("t", verdict=Verdict.FAIL)), BASELINE_TOLERANCE
    )
    assert comparison.fail_now == ("t",)
    assert comparison.is_regression


def test_gravest_first():
    a = run_of(result("t", measured("leak", 0), measured("peak", MiB)), result("u", measured()))
    b = run_of(result("t", measured("leak", 0), measured("peak", 2)), result("u", measured(value=50 * MiB)))
    comparison = compare_runs(a, b, BASELINE_TOLERANCE)
    assert [each.outcome for each in comparison.differences] == [
        Outcome.WORSE,
        Outcome.BETTER,
        Outcome.SAME,
    ]


@pytest.mark.parametrize("other", [run_of(), run_of(result(verdict=Verdict.INCONCLUSIVE))])
def test_what_b_leaves_open(other):
    comparison = compare_runs(run_of(result()), other, BASELINE_TOLERANCE)
    assert comparison.is_inconclusive
    assert not comparison.is_regression


@unhurried
@given(run=runs)
def test_a_run_is_no_worse_than_itself(run):
    comparison = compare_runs(run, run, BASELINE_TOLERANCE)
    assert not comparison.is_regression
    assert not comparison.only_in_a
    assert not comparison.only_in_b
