from __future__ import annotations

from pytest_memguard.model import Environment, Measurement, Run, TestResult, Verdict
from pytest_memguard.store.next_baselines import merged, numbers_of


def run_of(*measurements: Measurement, guarded: bool = True) -> Run:
    test = TestResult(
        nodeid="t", file="t.py", line=1, verdict=Verdict.PASS, guarded=guarded, measurements=measurements
    )
    return Run(environment=Environment(machine_class="m", python="3", platform="p"), tests=(test,))


def measured(probe="python", metric="peak", value=None, **more) -> Measurement:
    return Measurement(probe=probe, metric=metric, value=value, unit="B", **more)


PEAK = measured(value=100)


def test_numbers_of_guarded_tests_are_kept():
    worse = measured(value=10**6, baseline=100, verdict=Verdict.FAIL)
    run = run_of(worse, measured(metric="leak", value=3))
    assert numbers_of(run) == {"t": {"python": {"peak": 10**6, "leak": 3}}}


def test_numbers_of_a_test_that_breaks_a_budget_are_no_baselines():
    run = run_of(PEAK, measured(metric="leak", value=3, budget=0, verdict=Verdict.FAIL))
    assert numbers_of(run) == {}


def test_a_committed_number_stays_while_it_agrees():
    old = {"t": {"python": {"peak": 10**6}}}
    near, far = measured(value=1_020_000, baseline=10**6), measured(value=900_000, baseline=10**6)
    assert merged(old, numbers_of(run_of(near)), ()) == old
    assert merged(old, numbers_of(run_of(far)), ()) == {"t": {"python": {"peak": 900_000}}}


def test_tests_that_were_only_observed_have_no_baselines():
    assert numbers_of(run_of(PEAK, guarded=False)) == {}


def test_metrics_without_a_place_in_the_baselines_are_left_out():
    assert numbers_of(run_of(PEAK, measured(metric="seconds", value=0.1))) == {"t": {"python": {"peak": 100}}}


def test_a_test_of_which_nothing_was_measured_keeps_its_entry():
    assert numbers_of(run_of()) == {}
    assert numbers_of(run_of(measured(verdict=Verdict.UNAVAILABLE))) == {}


def test_a_machine_without_a_gpu_keeps_the_numbers_of_one_that_has_it():
    old = {"t": {"python": {"peak": 90}, "cupy": {"peak": 7, "fragmentation": 0.5}, "rss": {"peak": 1}}}
    run = run_of(PEAK, measured(probe="cupy", metric="leak", verdict=Verdict.UNAVAILABLE))
    assert merged(old, numbers_of(run), ()) == {
        "t": {"python": {"peak": 100}, "cupy": {"peak": 7, "fragmentation": 0.5}}
    }


def test_an_undecided_number_replaces_none():
    undecided = measured(metric="leak", value=512, verdict=Verdict.INCONCLUSIVE, baseline=0)
    old = {"t": {"python": {"peak": 90, "leak": 0}}}
    assert merged(old, numbers_of(run_of(PEAK, undecided)), ()) == {"t": {"python": {"peak": 100, "leak": 0}}}


def test_a_number_that_is_undecided_for_want_of_a_baseline_becomes_it():
    missing = measured(value=512, verdict=Verdict.INCONCLUSIVE)
    assert merged({}, numbers_of(run_of(missing)), ()) == {"t": {"python": {"peak": 512}}}


def test_what_was_never_measured_has_no_entry():
    assert merged({}, {"t": {"cupy": {"peak": None}}}, ()) == {}
