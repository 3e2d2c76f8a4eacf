"""The verdict on pairs: exact examples, properties, and error rates by seeded simulation."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_memguard.stats import LOOKS, DuetOutcome, alpha_per_comparison, decide

HALF = math.log1p(0.05) / 2
CALM = [0.001, -0.002, 0.0, 0.002, -0.001] * 28
WILD = [0.3, -0.3, 0.2, -0.2, 0.05] * 28
EDGES = sorted({0, *LOOKS, *(look + 5 for look in LOOKS)})  # what lies between two is judged together
MOST = LOOKS[-1] + 5
pair_lists = st.lists(
    st.one_of(st.floats(-0.02, 0.02), st.sampled_from([-0.3, 0.0, 0.3])), min_size=0, max_size=MOST + 1
)


def slowed(pairs, percent):
    return [pair + math.log1p(percent / 100) for pair in pairs]


def test_unchanged_code_passes_at_the_first_look():
    decision = decide(CALM)
    assert decision.outcome is DuetOutcome.PASS
    assert (decision.pairs_used, decision.pairs_wanted) == (5, 0)
    assert decision.lower < 1 < decision.upper < 1.05
    assert decision.ratio == pytest.approx(1, abs=0.001)


def test_a_speed_up_is_an_improvement():
    assert decide(slowed(CALM, -10)).outcome is DuetOutcome.IMPROVED


def test_a_slow_down_is_confirmed_by_fresh_pairs():
    pairs = slowed(CALM, 10)
    crossed = next(n for n in range(60) if "confirmed" in decide(pairs[:n]).reason)
    assert crossed in LOOKS
    asked = decide(pairs[:crossed])
    assert (asked.outcome, asked.pairs_wanted) == (DuetOutcome.UNDECIDED, 5)
    assert decide(pairs[: crossed + 2]).pairs_wanted == 3
    decision = decide(pairs[: crossed + 5])
    assert (decision.outcome, decision.pairs_used) == (DuetOutcome.REGRESSED, crossed + 5)
    assert decision.ratio == pytest.approx(1.1, abs=0.002)
    refuted = pairs[:crossed] + CALM[:5]
    assert decide(refuted).outcome is not DuetOutcome.REGRESSED


def test_a_driver_is_told_how_many_pairs_are_wanted():
    pairs = []
    for look in LOOKS:
        decision = decide(pairs)
        assert decision.outcome is DuetOutcome.UNDECIDED
        assert decision.pairs_wanted == look - len(pairs)
        pairs += WILD[len(pairs) : look]
    assert math.isnan(decide([]).ratio)
    assert decide(pairs).outcome is DuetOutcome.INCONCLUSIVE


def test_what_stays_open_says_why_and_what_could_be_resolved():
    decision = decide(WILD[:30], looks=LOOKS[:7])
    assert decision.outcome is DuetOutcome.INCONCLUSIVE
    assert decision.resolvable > 0.05
    assert (
        decide(WILD[:30], looks=LOOKS[:7], threshold=1.01 * decision.resolvable).outcome is DuetOutcome.PASS
    )
    draw = random.Random(5)
    noisy = decide([draw.gauss(0.03, 0.1) for _ in range(LOOKS[-1])])
    assert "noisy" in noisy.reason
    heaps = [0.4 * (index % 2) - 0.2 + 0.001 * (index % 5) for index in range(LOOKS[-1])]
    assert "heaps" in decide(heaps).reason


def test_a_slow_down_below_the_threshold_is_not_passed_before_it_could_be_red():
    waiting = decide(slowed(CALM[:5], 4.5))
    assert waiting.outcome is DuetOutcome.UNDECIDED
    assert waiting.upper < 1.05
    assert decide(slowed(CALM, 4.5)).outcome is DuetOutcome.REGRESSED
    assert decide(slowed(CALM[:5], 3.5)).outcome is DuetOutcome.PASS
    for looks, outcome in ((5, 8, 12), DuetOutcome.UNDECIDED), ((5, 8), DuetOutcome.PASS):
        assert decide(slowed(CALM[:8], 4), alpha=1e-12, looks=looks).outcome is outcome


def test_a_slow_down_that_comes_and_goes_is_not_confirmed():
    decision = decide(slowed(CALM[:12], 10) + CALM[:5], looks=(12,))
    assert decision.outcome is DuetOutcome.INCONCLUSIVE
    assert "did not confirm" in decision.reason


def test_five_pairs_in_the_fast_mode_do_not_hide_a_slow_down():
    fast_mode_of_head = slowed([-0.2, -0.2, -0.2, -0.2, 0.0], 10)
    assert decide(fast_mode_of_head).outcome is DuetOutcome.UNDECIDED


def test_one_comparison_of_many_risks_less():
    assert alpha_per_comparison(1) == alpha_per_comparison(100) == 0.001
    assert alpha_per_comparison(1000) == pytest.approx(0.0001)
    assert alpha_per_comparison(0) == 0.001


def test_refuses_a_threshold_that_is_none():
    with pytest.raises(ValueError, match="accepted"):
        decide(CALM, threshold=0)


@settings(deadline=None)  # a busy machine is no failure
@given(pair_lists, st.floats(0, 0.3))
def test_a_slow_down_makes_nothing_better(pairs, more):
    rank = {DuetOutcome.IMPROVED: 0, DuetOutcome.PASS: 0, DuetOutcome.REGRESSED: 2}
    before, after = decide(pairs).outcome, decide([pair + more for pair in pairs]).outcome
    assert (rank.get(before, 1), rank.get(after, 1)) != (2, 0)


@settings(deadline=None)
@given(pair_lists, st.randoms())
def test_the_order_within_a_look_is_irrelevant(pairs, shuffler):
    mixed = []
    for start, end in zip(EDGES, [*EDGES[1:], 999], strict=True):
        block = pairs[start:end]
        shuffler.shuffle(block)
        mixed += block
    assert repr(decide(mixed)) == repr(decide(pairs))  # NaN is not equal to itself


@settings(deadline=None)
@given(pair_lists, st.integers(0, MOST + 1))
def test_a_verdict_stands_when_more_pairs_come(pairs, count):
    early = decide(pairs[:count])
    if early.outcome is not DuetOutcome.UNDECIDED:
        assert repr(decide(pairs)) == repr(early)
    else:
        assert early.pairs_wanted > 0


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(-1e6, 1e6), min_size=5, max_size=MOST + 1))
def test_absurd_timings_are_survived(pairs):
    assert decide(pairs).outcome in DuetOutcome


def bell(draw):
    return draw.gauss(0, 0.015)


def long_tails(draw):
    return 0.01 * draw.gauss(0, 1) / math.sqrt(draw.gammavariate(1.5, 2 / 3))


def two_speeds(draw):
    return 0.08 * ((draw.random() < 0.4) - (draw.random() < 0.4)) + draw.gauss(0, 0.01)


def outcomes(noise, percent, count):
    draw = random.Random(7)
    shift = math.log1p(percent / 100)
    return [decide([noise(draw) + shift for _ in range(MOST)]).outcome for _ in range(count)]


@pytest.mark.parametrize("noise", [bell, long_tails, two_speeds])
def test_error_rates(noise):
    same = outcomes(noise, 0, 250)
    assert DuetOutcome.REGRESSED not in same
    assert sum(outcome is DuetOutcome.PASS for outcome in same) > 240
    assert sum(outcome is DuetOutcome.REGRESSED for outcome in outcomes(noise, 5, 120)) > 108
    assert set(outcomes(noise, 10, 60)) <= {DuetOutcome.REGRESSED, DuetOutcome.INCONCLUSIVE}
