"""Times of tests that use pytest-benchmark, judged like memory."""

from __future__ import annotations

import json

import pytest

from pytest_memguard.session.budgets import BudgetError
from pytest_memguard.session.time_budget import time_budget_of
from pytest_memguard.store import timing_baselines

BENCHMARK = "pytest_benchmark.plugin"
FAST = ("--benchmark-max-time=0.02", "--benchmark-min-rounds=3", "--benchmark-warmup=off", "-q")


@pytest.fixture
def timed(run, monkeypatch):
    """``timed(...)`` is pytest --memguard with pytest-benchmark; ``timed.run`` reads its run file."""

    def call(*args, **options):
        return run.enforced(*FAST, *args, plugins=(BENCHMARK,), **options)

    call.run = run
    call.plain = lambda *args, **options: run("--memguard", *FAST, *args, plugins=(BENCHMARK,), **options)
    return call


def committed(pytester, change):
    """Rewrite the entries of the timing.json that a run has left."""
    path = pytester.path / "baselines" / "timing.json"
    content = json.loads(path.read_text())
    for entries in content["benchmarks"].values():
        for entry in entries.values():
            change(entry)
    path.write_text(json.dumps(content))


def test_every_form_of_the_fixture_is_judged(pytester, timed):
    pytester.makepyfile(
        """
        import time, pytest

        @pytest.mark.time_budget(max="1 s")
        def test_call(benchmark):
            assert benchmark(sum, [1, 2]) == 3

        @pytest.mark.time_budget(max="1 ms", regression="5%")
        def test_pedantic(benchmark):
            benchmark.extra_info["size"] = 3
            benchmark.pedantic(time.sleep, setup=lambda: ((0.04,), {}), rounds=3)

        @pytest.mark.benchmark(group="sums")
        @pytest.mark.time_budget(max=1)
        @pytest.mark.parametrize("n", [1, 2])
        def test_group(benchmark, n):
            benchmark(sum, range(n))

        class TestMethods:
            pytestmark = pytest.mark.time_budget(max="1 s")

            def test_decorator(self, benchmark):
                @benchmark
                def result():
                    return 1
                assert result == 1

            @pytest.mark.time_budget(max="1 ns")
            def test_closest_wins(self, benchmark):
                benchmark(sum, range(10))
        """
    )
    result = timed()
    result.assert_outcomes(passed=4, failed=2)
    result.stdout.fnmatch_lines(["time 4* ms per call, budget 1 ms (+*", "time * per call, budget 1 ns (+*"])
    slow = timed.run.measurement("test_pedantic", "seconds")
    assert (slow["probe"], slow["unit"], slow["budget"], slow["verdict"]) == ("time", "s", 0.001, "fail")
    assert slow["value"] > 0.04
    assert timed.run.tests()["test_group[1]"]["verdict"] == "pass"


@pytest.mark.parametrize(
    ("marker", "complaint"),
    [
        ('max="10"', "max: got '10', accepted: a number of seconds above 0"),
        ("regression=5", "regression: got 5, accepted: a string such as '5%'"),
        ("maximum=1", "got an argument 'maximum', accepted: max, regression"),
        ("", "it limits nothing, accepted: at least one of max, regression"),
        ('"10 ms"', "got positional arguments ('10 ms',), accepted: keywords only"),
    ],
)
def test_a_wrong_marker_is_a_collection_error_with_its_line(pytester, timed, marker, complaint):
    pytester.makepyfile(
        test_w=f"import pytest\n\n@pytest.mark.time_budget({marker})\ndef test_w(benchmark): benchmark(int)\n"
    )
    result = timed()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"test_w.py:3: time_budget(*): {complaint}*".replace("[", "[[]")])


def test_a_marker_on_a_test_that_is_not_timed_is_wrong(pytester, timed):
    pytester.makepyfile("import pytest\n@pytest.mark.time_budget(max='1 s')\ndef test_w(tmp_path): pass\n")
    result = timed()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*.py:2: time_budget(max='1 s'): got a test with the fixtures *tmp_path*, accepted: *`benchmark`"]
    )


@pytest.mark.usefixtures("run")
def test_the_closest_marker_wins(pytester):
    pytester.plugins = ["pytest_memguard.plugin"]
    items = pytester.getitems(
        """
        import pytest

        budget = pytest.mark.time_budget
        pytestmark = budget(max=1)

        def test_module(benchmark): pass

        @budget(max=2)
        class TestBase:
            pass

        @budget(max=3)
        class TestDerived(TestBase):
            def test_class(self, benchmark): pass

            @budget(max=4)
            @pytest.mark.parametrize("number", [1, pytest.param(2, marks=budget(max=5))])
            def test_parameter(self, benchmark, number): pass
        """
    )
    limits = {item.name: time_budget_of(item).max_seconds for item in items}
    assert limits == {"test_module": 1, "test_class": 3, "test_parameter[1]": 4, "test_parameter[2]": 5}


@pytest.mark.usefixtures("run")
def test_two_markers_are_one_too_many(pytester):
    pytester.plugins = ["pytest_memguard.plugin"]
    *_, item = pytester.getitems(
        """
        import pytest

        @pytest.mark.time_budget(max=1)
        @pytest.mark.time_budget(max=2)
        @pytest.mark.parametrize("number", [pytest.param(1, marks=pytest.mark.time_budget(max=3))])
        def test_w(benchmark, number): pass
        """
    )
    with pytest.raises(BudgetError, match="the test has two of these markers, accepted: one"):
        time_budget_of(item)


SLEEPS = """
import time
def test_sleep(benchmark):
    benchmark.pedantic(time.sleep, (0.05,), rounds=3)
"""


TIMEOUT = """
class Hooks:
    def pytest_timeout_cancel_timer(self, item):
        "As pytest-timeout has it."

def pytest_addhooks(pluginmanager):
    pluginmanager.add_hookspecs(Hooks)

def pytest_timeout_cancel_timer(item):
    print("no timer for", item.name)
"""


def test_without_memguard_nothing_is_judged(pytester, run):
    pytester.makepyfile(SLEEPS.replace("def", "import pytest\n@pytest.mark.time_budget(max='1 ns')\ndef"))
    run(*FAST, plugins=(BENCHMARK,)).assert_outcomes(passed=1)


def test_a_baseline_is_missing_then_committed_then_held_against(pytester, timed):
    pytester.makepyfile(test_s=SLEEPS)
    result = timed()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["1 baseline missing: *", "    test_s.py::test_sleep [[]time seconds[]]"])
    marked = "@__import__('pytest').mark.time_budget(max='1 s', regression='5%')\ndef test_sleep"
    pytester.makepyfile(test_s=SLEEPS.replace("def test_sleep", marked))
    timed().stdout.fnmatch_lines(["1 baseline missing: *", "    test_s.py::test_sleep [[]time seconds[]]"])
    pytester.makepyfile(test_s=SLEEPS)
    result = timed("--memguard-update")
    result.stdout.fnmatch_lines(
        [
            "*timing.json updated",
            "*test_sleep time seconds new 5* ms, provisional: one process",
            "*provisional, with wide*",
        ]
    )
    assert not (pytester.path / "baselines" / "memory.json").exists()
    timed("--memguard-strict").assert_outcomes(passed=1)
    assert timed.run.measurement("test_sleep", "seconds")["baseline"] > 0.04
    committed(pytester, lambda entry: entry.update(minima=[0.01]))
    pytester.makeconftest(TIMEOUT)
    result = timed()
    result.assert_outcomes(failed=1)
    # A second opinion takes longer than any test may: that is no fault of the test.
    result.stdout.fnmatch_lines(["*no timer for test_sleep"])
    result.stdout.fnmatch_lines(["time 5* ms per call, baseline 10 ms (+4*%), allowed +100 %; *"])


def test_the_bound_is_never_within_the_band(pytester, timed):
    pytester.makepyfile(test_s=SLEEPS)
    timed("--memguard-update")
    committed(pytester, lambda entry: entry.update(minima=[0.03], band=0.01))
    timed().assert_outcomes(failed=1)
    committed(pytester, lambda entry: entry.update(band=0.45))
    timed().assert_outcomes(passed=1)


def test_other_classes_and_changed_code_are_shown(pytester, timed):
    pytester.makepyfile(test_s=SLEEPS)
    timed("--memguard-update")
    committed(pytester, lambda entry: entry.update(minima=[0.01], code="other"))
    result = timed("--memguard-strict")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["memguard: time: stale: the benchmark's code has changed since 10 ms was committed"]
    )
    path = pytester.path / "baselines" / "timing.json"
    content = json.loads(path.read_text())
    content["benchmarks"] = {"elsewhere": next(iter(content["benchmarks"].values()))}
    path.write_text(json.dumps(content))
    result = timed("--memguard-strict")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["memguard: time: committed for another class of machine alone (10 ms): shown, not judged"]
    )


def test_accepted_slow_downs_raise_the_bound_until_they_expire(pytester, timed):
    pytester.makepyfile(test_s=SLEEPS)
    timed("--memguard-update")
    committed(pytester, lambda entry: entry.update(minima=[0.01]))
    path = pytester.path / "baselines" / "timing.json"
    content = json.loads(path.read_text())
    meant = {"ratio": 6, "reason": "exact now", "date": "2999-01-01", "expires": "2999-01-01"}
    content["accepted"] = {"test_s.py::test_sleep": meant}
    path.write_text(json.dumps(content))
    timed().assert_outcomes(passed=1)
    assert timed.run.measurement("test_sleep", "seconds")["reason"] == "accepted slow-down 6x: exact now"
    content["accepted"]["test_s.py::test_sleep"]["expires"] = "2020-01-01"
    path.write_text(json.dumps(content))
    result = timed()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*; the accepted slow-down (6x: exact now) expired on 2020-01-01; *"])


def test_disabled_benchmarks_are_not_silently_green(pytester, timed):
    pytester.makepyfile(
        "import pytest\n@pytest.mark.time_budget(max='1 s')\ndef test_d(benchmark): benchmark(int)\n"
    )
    timed("--benchmark-disable").assert_outcomes(passed=1)
    measured = timed.run.measurement("test_d", "seconds")
    assert measured["verdict"] == "not_measured"
    assert "benchmarks are disabled" in measured["reason"]


def test_many_processes_are_not_replaced_by_one_that_agrees(pytester, timed):
    pytester.makepyfile(test_s=SLEEPS)
    timed("--memguard-update")
    committed(pytester, lambda entry: entry.update(minima=[0.051, 0.052], band=0.02))
    result = timed("--memguard-update")
    result.stdout.fnmatch_lines(["    1 time of many processes kept: this run agrees with what is committed"])
    (entries,) = timing_baselines.load(pytester.path / "baselines").benchmarks.values()
    assert entries["test_s.py::test_sleep"].minima == (0.051, 0.052)


def test_memory_and_time_are_both_told(pytester, timed):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.memory_budget(peak="1 KiB", probe="python")
        @pytest.mark.time_budget(max="1 ns")
        def test_both(benchmark):
            benchmark.pedantic(bytearray, (100_000,), rounds=3)
        """
    )
    result = timed()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["peak *, budget 1.0 KiB*", "time * per call, budget 1 ns*"])
    assert {m["metric"] for m in timed.run.tests()["test_both"]["measurements"]} == {"peak", "seconds"}


def test_a_broken_file_of_times_is_wrong_use(pytester, timed):
    (pytester.path / "baselines").mkdir()
    (pytester.path / "baselines" / "timing.json").write_text("{")
    result = timed.plain()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*memguard: *timing.json:1:2: not JSON*"])
