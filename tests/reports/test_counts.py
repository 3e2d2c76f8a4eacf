from __future__ import annotations

import pytest
from msgspec.structs import replace

from pytest_memguard.model import Verdict
from pytest_memguard.reports.counts import counts_text, reasons_by_verdict, remedies, verdict_of
from tests.reports.runs import EMPTY, EVERYTHING, NO_GPU, NO_LEAK, ROOMY, TOO_HIGH, UNCLEAR, result_of, run_of


@pytest.mark.parametrize(
    ("run", "text"),
    [
        (EMPTY, "0 guarded"),
        (run_of(unguarded=7), "0 guarded, 7 unguarded"),
        (run_of(result_of(ROOMY), result_of(NO_LEAK)), "2 guarded (2 pass)"),
        (run_of(result_of(ROOMY), result_of(TOO_HIGH, guarded=False)), "1 guarded (1 pass), 1 observed"),
        (
            EVERYTHING,
            "3 guarded (1 pass, 1 fail, 1 inconclusive), 30 unguarded, 1 unavailable, 1 not measured",
        ),
    ],
    ids=["empty", "unguarded", "pass", "observed", "everything"],
)
def test_counts(run, text):
    assert counts_text(run) == text


def test_the_run_is_as_grave_as_its_gravest_guarded_test():
    assert verdict_of(EMPTY) is Verdict.PASS
    assert verdict_of(EVERYTHING) is Verdict.FAIL
    assert verdict_of(run_of(result_of(ROOMY), result_of(UNCLEAR))) is Verdict.INCONCLUSIVE
    assert verdict_of(run_of(result_of(ROOMY), result_of(TOO_HIGH, guarded=False))) is Verdict.PASS


def test_equal_reasons_are_told_once():
    run = run_of(
        result_of(name="test_async", reason="no runner"),
        result_of(NO_GPU, replace(NO_GPU, metric="leak"), name="test_a"),
        result_of(UNCLEAR, NO_GPU, name="test_b"),
    )
    assert list(reasons_by_verdict(run)) == [
        (Verdict.INCONCLUSIVE, "growth fades too slowly to tell", ["tests/test_x.py::test_b"]),
        (
            Verdict.UNAVAILABLE,
            "cupy is not installed",
            ["tests/test_x.py::test_a", "tests/test_x.py::test_b"],
        ),
        (Verdict.NOT_MEASURED, "no runner", ["tests/test_x.py::test_async"]),
    ]


def test_a_missing_reason_is_said_to_be_missing():
    run = run_of(result_of(replace(UNCLEAR, reason="")), result_of())
    assert [reason for _, reason, _ in reasons_by_verdict(run)] == ["no reason given", "no reason given"]


def test_remedies_name_a_command():
    assert list(remedies(EMPTY)) == []
    assert [(trouble, command) for trouble, command, _ in remedies(EVERYTHING)] == [
        ("1 baseline missing", "pytest --memguard --memguard-update"),
        ("2 orphaned baselines", "memguard baseline prune"),
    ]
