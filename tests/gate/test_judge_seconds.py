from __future__ import annotations

import pytest

from pytest_memguard.gate.judge_seconds import TimeLimits, judge_seconds, slowest_ratio
from pytest_memguard.model import Verdict


@pytest.mark.parametrize(
    ("band", "more", "ratio"),
    [
        (0.01, {}, 1.5),
        (0.3, {}, 1.9),
        (None, {}, 2.0),
        (0.01, {"regression": 0.05}, 1.5),
        (0.01, {"regression": 0.9}, 1.9),
        (0.01, {"accepted": 2.0}, 3.0),
    ],
)
def test_the_bound_is_coarse_and_never_within_what_processes_differ_by(band, more, ratio):
    assert slowest_ratio(band, **more) == pytest.approx(ratio)


def test_max_is_absolute():
    judged = judge_seconds(0.0123, TimeLimits(max_seconds=0.01))
    assert judged.verdict is Verdict.FAIL
    assert judged.reason == "time 12.3 ms per call, budget 10 ms (+23.0 %)"
    assert (judged.probe, judged.metric, judged.unit, judged.budget) == ("time", "seconds", "s", 0.01)
    assert judge_seconds(0.01, TimeLimits(max_seconds=0.01)).verdict is Verdict.PASS


def test_both_limits_are_told():
    limits = TimeLimits(max_seconds=0.01, baseline_seconds=0.005, slowest_ratio=1.5)
    assert judge_seconds(0.02, limits).reason == (
        "time 20 ms per call, budget 10 ms (+100.0 %); "
        "time 20 ms per call, baseline 5 ms (+300.0 %), allowed +50 %"
    )
    assert judge_seconds(0.0075, limits).verdict is Verdict.PASS


def test_without_limits_a_time_is_shown():
    judged = judge_seconds(1.0, TimeLimits(), note="stale")
    assert (judged.verdict, judged.reason) == (Verdict.PASS, "stale")
