"""A wrong marker is an error of its file, found at collection, and no other file suffers."""

from __future__ import annotations

import pytest

_WRONG = {
    "unknown keyword": ('peek="1 MiB"', "*got an argument 'peek', accepted: peak, *"),
    "bad size": ('peak="1 MiBs"', "*peak: got '1 MiBs', accepted: *"),
    "bad ratio": ("fragmentation=1.5", "*fragmentation: got 1.5, accepted: a number from 0 to 1*"),
    "bool": ("peak=True", "*peak: got True, accepted: *"),
    "negative": ("leak=-1", "*leak: got -1, accepted: *"),
    "positional": ('"1 MiB"', "*got positional arguments ('1 MiB',), accepted: keywords only*"),
    "unknown argument": ("peak=lambda n: n", "*got a callable over 'n', accepted: number*"),
    "unknown probe": ('peak=1, probe="pyton"', "*probe: got 'pyton', accepted: *python*"),
    "nothing": ("", "*it limits nothing, accepted: *"),
    "rounds": ("peak=1, rounds=0", "*rounds: got 0, accepted: *"),
    "count": ('allocations="3"', "*allocations: got '3', accepted: *"),
}


@pytest.mark.parametrize("name", _WRONG)
def test_it_says_where_what_and_what_else(pytester, run, name):
    arguments, message = _WRONG[name]
    pytester.makepyfile(
        test_wrong=f"""
        import pytest

        @pytest.mark.memory_budget({arguments})
        @pytest.mark.parametrize("number", [1, 2])
        def test_wrong(number):
            pass
        """,
        test_right="""
        def test_right():
            pass
        """,
    )
    result = run.enforced()
    result.assert_outcomes(passed=1, errors=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["*ERROR collecting test_wrong.py*", "test_wrong.py:3: memory_budget(*", "*1 passed,*1 error*"]
    )
    result.stdout.fnmatch_lines([message])


def test_other_errors_still_stop_the_run(pytester, run):
    pytester.makepyfile(
        test_wrong="import pytest\npytestmark = pytest.mark.memory_budget(peak=-1)\ndef test_wrong(): pass\n",
        test_broken="import no_such_module\n",
        test_right="def test_right(): pass\n",
    )
    result = run.enforced()
    result.assert_outcomes(errors=2)
    assert result.ret == 2


def test_duplicates(pytester, run):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.memory_budget(peak="1 MiB")
        @pytest.mark.memory_budget(leak="1 MiB")
        def test_twice():
            pass
        """
    )
    result = run.enforced()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*probe 'python' has two markers on one test, accepted: one per probe*"])


@pytest.mark.parametrize(
    ("budget", "message"),
    [
        ("lambda n: 1 / 0", "*peak: the callable budget raised ZeroDivisionError: division by zero*"),
        *(
            (f"lambda n: {got}", f"*:3: memory_budget: peak: the callable budget gave {said}, accepted: *")
            for got, said in (
                ("'a lot'", "'a lot'"),
                ("-n", "-1"),
                ("-n / 2", "-0.5"),
                ("float('nan')", "nan"),
                ("float('inf')", "inf"),
                ("n > 0", "True"),
                ("None", "None"),
            )
        ),
    ],
)
def test_a_callable_that_gives_no_budget_is_an_error_that_is_counted(pytester, run, budget, message):
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.parametrize("n", [1])
        @pytest.mark.memory_budget(peak={budget})
        def test_called(n):
            pass
        """
    )
    result = run.enforced()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([message, "memguard: 1 guarded (1 fail)", f"fail: {message}"])
    assert run.tests()["test_called[1]"]["verdict"] == "fail"


def test_budgets_by_path(pytester, run):
    pytester.makeini("[pytest]\nmemguard_budgets =\n    test_*: peak=1 MiB leak=0 B\n")
    pytester.makepyfile("def test_large(): bytearray(3 << 20)")
    run.enforced().assert_outcomes(failed=1)


@pytest.mark.parametrize(
    "line",
    ["test_*: peak=1 MiBs", "peak=1 MiB", "test_*: peek=1", "test_*: peak=1 peak=2", "*::test_x: peak=1"],
)
def test_wrong_budgets_by_path(pytester, run, line):
    pytester.makeini(f"[pytest]\nmemguard_budgets =\n    {line}\n")
    pytester.makepyfile("def test_x(): pass")
    result = run.enforced()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: ini memguard_budgets, line *"])
