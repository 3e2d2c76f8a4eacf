from pytest_memguard.stats import decide, next_pairs

CALM = [0.001, -0.002, 0.0, 0.002, -0.001] * 12
NOISY = [0.06, -0.05, 0.03, -0.02, 0.04] * 12


def shifted(pairs, shift):
    return [pair + shift for pair in pairs]


def crossed():
    slow = shifted(CALM, 0.1)
    return next(decide(slow[:n]) for n in range(60) if "confirmed" in decide(slow[:n]).reason)


DECISIONS = {
    "passed": decide(CALM),
    "far": decide(shifted([5 * pair for pair in NOISY[:8]], 0.035)),
    "near": decide(shifted(NOISY[:8], -0.03)),
    "new": decide([]),
    "slow": crossed(),
}
COSTS = dict.fromkeys(DECISIONS, 1.0)


def grant(**settings):
    return next_pairs(DECISIONS, **{"threshold": 0.05, "seconds_per_pair": COSTS} | settings)


def test_only_the_undecided_go_on_and_the_nearest_go_first():
    granted = grant()
    assert granted == {name: DECISIONS[name].pairs_wanted for name in granted}
    assert list(granted) == ["slow", "new", "near", "far"]


def test_a_budget_is_kept_and_cheap_ones_fill_it():
    assert list(grant(budget_seconds=10)) == ["slow", "new"]
    assert list(grant(budget_seconds=10, seconds_per_pair=COSTS | {"new": 10.0})) == ["slow", "near"]
    assert grant(budget_seconds=2) == {}
