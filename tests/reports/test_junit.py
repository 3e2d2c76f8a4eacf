from __future__ import annotations

from pytest_memguard.reports.junit import properties
from tests.reports.runs import NO_GPU, NO_LEAK, ROOMY, TOO_HIGH, result_of


def test_numbers_and_verdict():
    assert properties(result_of(TOO_HIGH, NO_LEAK, ROOMY, NO_GPU)) == [
        ("memguard.python.peak", 41946608),
        ("memguard.python.leak", 0),
        ("memguard.cupy.hit_rate", 0.95),
        ("memguard.verdict", "fail"),
    ]


def test_nothing_measured():
    assert properties(result_of()) == [("memguard.verdict", "not_measured")]
