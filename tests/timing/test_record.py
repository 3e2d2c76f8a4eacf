from __future__ import annotations

import math
import random
import re

import pytest

from pytest_memguard.model import Verdict
from pytest_memguard.model.timing import SideName, TimingVerdict
from pytest_memguard.model.timing_baseline import Acceptance
from pytest_memguard.timing.census import Benchmark
from pytest_memguard.timing.controls import judge_controls
from pytest_memguard.timing.pair import Setback, Timed
from pytest_memguard.timing.record import Record
from pytest_memguard.timing.settings import DuetSettings

SETTINGS = DuetSettings()
NOISE = (-0.004, 0.003, 0.001, -0.002, 0.002, 0.0, -0.001, 0.004, -0.003, 0.001)


def judged(ratio, *, mean_ratio=None, pairs=10, regression=None, acceptance=None):
    benchmark = Benchmark(nodeid="t.py::t", file="t.py", line=3, regression=regression)
    record = Record(benchmark=benchmark, acceptance=acceptance)
    for index in range(pairs):
        if record.is_open:
            noise = NOISE[index % len(NOISE)]
            record.add(
                Timed(
                    log_ratio=math.log(ratio) + noise,
                    mean_log_ratio=math.log(mean_ratio or ratio) + noise,
                    base_seconds=1.0,
                    head_seconds=ratio,
                    measuring_seconds=0.4,
                ),
                settings=SETTINGS,
                alpha=0.001,
            )
    return record.result(settings=SETTINGS, alpha=0.001, stopped="the time was up")


def test_verdicts_over_ratios():
    assert judged(1.0).verdict is TimingVerdict.PASS
    assert judged(0.9).verdict is TimingVerdict.IMPROVED
    slower = judged(1.1, pairs=20)
    assert slower.verdict is TimingVerdict.REGRESSED
    assert "10.0 % slower than base" in slower.reason
    assert slower.head_seconds == 1.1


def test_a_benchmark_has_a_threshold_of_its_own():
    assert judged(1.1, pairs=20, regression=0.2).verdict is TimingVerdict.PASS
    found = judged(1.04, pairs=20, regression=0.02)
    assert found.verdict is TimingVerdict.REGRESSED
    assert "threshold 2.0 %" in found.reason


def test_what_was_accepted_is_told_and_no_more_than_that_passes():
    acceptance = Acceptance(ratio=1.3, reason="exact sums", date="2026-01-01T00:00:00Z")
    assert judged(1.0, acceptance=acceptance).verdict is TimingVerdict.PASS
    slower = judged(1.28, pairs=20, acceptance=acceptance)
    assert slower.verdict is TimingVerdict.ACCEPTED
    assert slower.reason == "28.0 % slower than base, accepted up to 1.3x: exact sums"
    assert judged(1.31, pairs=20, acceptance=acceptance).verdict is TimingVerdict.ACCEPTED
    assert judged(1.35, pairs=20, acceptance=acceptance).verdict is TimingVerdict.REGRESSED
    assert judged(0.9, acceptance=acceptance).verdict is TimingVerdict.IMPROVED
    beyond = judged(1.5, pairs=20, acceptance=acceptance)
    assert beyond.verdict is TimingVerdict.REGRESSED
    assert beyond.reason.endswith("threshold 36.5 %, accepted up to 1.3x: exact sums")


def factors(*, error, spread, factor=1.0):
    record = Record(benchmark=Benchmark(nodeid="t.py::t", file="t.py", line=3, regression=None))
    for index in range(8):
        record.pairs.append(
            Timed(
                log_ratio=spread * NOISE[index],
                mean_log_ratio=0.0,
                base_seconds=1.0,
                head_seconds=1.0,
                measuring_seconds=0.4,
                error=error,
                factor=factor,
            )
        )
        yield record.factor(SETTINGS)


def test_where_processes_differ_more_than_slices_do_there_are_more_processes_of_fewer_slices():
    assert list(factors(error=1e-4, spread=10)) == [1] * 4 + [0.25] * 4
    assert list(factors(error=1e-4, spread=1)) == [1] * 4 + [0.25] * 4
    assert list(factors(error=1e-3, spread=1)) == [1] * 4 + [2] * 4
    assert list(factors(error=1e-3, spread=1, factor=0.1))[-1] == 0.25  # longer pairs err less


def test_what_is_still_open_says_why():
    found = judged(1.0, pairs=3)
    assert found.verdict is TimingVerdict.INCONCLUSIVE
    assert found.reason.startswith("the time was up")
    assert found.ratio is None
    looked_at = judged(1.048, pairs=6)
    assert re.fullmatch(
        r"the time was up: more .*; a threshold of \d+% could have been told", looked_at.reason
    )
    nothing = judged(1.0, pairs=0)
    assert (nothing.verdict, nothing.reason) == (TimingVerdict.INCONCLUSIVE, "the time was up")


def test_a_slow_down_of_some_calls_alone_is_no_pass():
    found = judged(1.0, mean_ratio=1.3)
    assert found.verdict is TimingVerdict.INCONCLUSIVE
    assert "their mean is 30.0 % slower" in found.reason


@pytest.mark.parametrize(
    ("side", "outcome", "verdict"),
    [
        (SideName.BASE, "failed", TimingVerdict.NEW),
        (SideName.BASE, "missing", TimingVerdict.NEW),
        (SideName.HEAD, "failed", TimingVerdict.COULD_NOT_RUN),
        (SideName.HEAD, "died", TimingVerdict.COULD_NOT_RUN),
        (SideName.HEAD, "skipped", TimingVerdict.NOT_MEASURED),
        (SideName.HEAD, "unused", TimingVerdict.NOT_MEASURED),
    ],
)
def test_setbacks(side, outcome, verdict):
    record = Record(benchmark=Benchmark(nodeid="t.py::t", file="t.py", line=3))
    record.add(Setback(side=side, outcome=outcome, reason="why"), settings=SETTINGS, alpha=0.001)
    assert not record.is_open
    found = record.result(settings=SETTINGS, alpha=0.001, stopped="")
    assert found.verdict is verdict
    assert "why" in found.reason


def test_only_a_regression_is_a_failure():
    failing = [each for each in TimingVerdict if each.verdict is Verdict.FAIL]
    assert failing == [TimingVerdict.REGRESSED]


def test_controls_off_by_half_the_threshold():
    few = {"good": [0.02] * 5, "slow": [0.026] * 5, "fast": [-0.026] * 5, "none": [], "too few": [0.1] * 4}
    few["noisy"] = [0.3, -0.2, 0.1, -0.1, 0.09]
    found = {each.name: each.is_off for each in judge_controls(few, 0.05)}
    assert found == {"good": False, "slow": True, "fast": True, "too few": False, "noisy": False}


@pytest.mark.parametrize("pairs", [5, 8, 20])
def test_controls_that_are_alike_rarely_complain(pairs):
    draw = random.Random(1)

    def complains():
        controls = {name: [draw.gauss(0, 0.04) for _ in range(pairs)] for name in "abc"}
        return any(each.is_off for each in judge_controls(controls, 0.05))

    assert sum(complains() for _ in range(1000)) <= 9  # of 5 expected at most


@pytest.mark.parametrize("shift", [0.05, -0.05])
def test_controls_that_are_off_complain_through_noise(shift):
    draw = random.Random(2)
    found = list(judge_controls({"loop": [shift + draw.gauss(0, 0.02) for _ in range(12)]}, 0.05))
    assert [each.is_off for each in found] == [True]
    assert not any(
        each.is_off for each in judge_controls({"loop": [0.001, -0.002, 0.9, 0.0, 0.003, 0.001]}, 0.05)
    )
