"""What is made of a duet's verdict over a benchmark under suspicion."""

from __future__ import annotations

import math
import signal

import pytest

from pytest_memguard.model import Verdict
from pytest_memguard.model.timing import BenchmarkTiming, TimingVerdict
from pytest_memguard.session.timing_confirmation import SecondOpinions, Suspicion, _in_words
from pytest_memguard.timing.errors import Terminated


def opinion(verdict, *ratios, is_advisory=False):
    timing = BenchmarkTiming(
        nodeid="t",
        file="t",
        line=1,
        verdict=verdict,
        reason="why",
        ratio=1.02,
        pair_ratios=tuple(map(math.log, ratios)),
    )
    return _in_words(timing, "c0ffee", "hint", is_advisory=is_advisory)


@pytest.mark.parametrize(
    ("given", "verdict", "words"),
    [
        (opinion(TimingVerdict.REGRESSED), Verdict.FAIL, "confirmed by a duet against c0ffee: why"),
        (opinion(TimingVerdict.PASS), Verdict.PASS, "finds it no slower (+2.0 %): the machine is"),
        (opinion(TimingVerdict.IMPROVED), Verdict.PASS, "no slower"),
        (opinion(TimingVerdict.NEW), Verdict.INCONCLUSIVE, "is new: why; hint"),
        (opinion(TimingVerdict.INCONCLUSIVE, *[3.0] * 4), Verdict.INCONCLUSIVE, "is inconclusive: why; hint"),
        (opinion(TimingVerdict.INCONCLUSIVE, *[3.0] * 5, 1.1), Verdict.INCONCLUSIVE, "is inconclusive"),
        (
            opinion(TimingVerdict.INCONCLUSIVE, 3.0, 3.0, 1.5, 3.0, 3.0),
            Verdict.FAIL,
            "slower, by 50% and more",
        ),
        (opinion(TimingVerdict.INCONCLUSIVE, *[3.0] * 5, is_advisory=True), Verdict.INCONCLUSIVE, "hint"),
        (opinion(TimingVerdict.COULD_NOT_RUN), Verdict.INCONCLUSIVE, "is could_not_run"),
    ],
)
def test_opinions(given, verdict, words):
    assert given[0] is verdict
    assert words in given[1]


def test_a_signal_that_comes_meanwhile_is_heeded(tmp_path, monkeypatch):
    """pytest takes any other exception for one of the test, and goes on."""
    came = []

    def interrupted(*_, **__):
        raise Terminated("SIGTERM")

    monkeypatch.setattr(SecondOpinions, "_base", lambda *_: (None, ""))
    monkeypatch.setattr("pytest_memguard.session.timing_confirmation._confirmed", interrupted)
    before = signal.signal(signal.SIGTERM, lambda number, _: came.append(number))
    try:
        opinion = SecondOpinions(tmp_path).of(
            Suspicion(nodeid="t", commit="c0ffee", threshold=0.05, bound_seconds=1.0, reason="2 s, 1 s")
        )
    finally:
        signal.signal(signal.SIGTERM, before)
    assert came == [signal.SIGTERM]
    assert opinion == (Verdict.INCONCLUSIVE, "2 s, 1 s; not confirmed, for SIGTERM came")


def test_what_there_is_no_time_for_is_said(tmp_path):
    commit = "c0ffee" * 7
    opinions = SecondOpinions(tmp_path, seconds=0)
    suspicion = Suspicion(nodeid="t", commit=commit, threshold=0.05, bound_seconds=1.0, reason="2 s, 1 s")
    assert opinions.of(suspicion) == (
        Verdict.INCONCLUSIVE,
        "slower than what is committed and not confirmed: the 0 min that second opinions may take in a run went to "
        f"0 benchmarks; confirm all at once with: memguard ab --base {commit[:12]}",
    )
