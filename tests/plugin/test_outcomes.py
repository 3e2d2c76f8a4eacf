"""A broken budget is an ordinary outcome of the test."""

from __future__ import annotations


def test_a_broken_budget_fails_with_one_sentence_and_its_sites(pytester, run):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.memory_budget(peak="1 MiB")
        def test_large():
            block = bytearray(3 << 20)
            assert block

        @pytest.mark.memory_budget(peak="4 MiB", leak="0 B")
        def test_small():
            assert bytearray(3 << 20)
        """
    )
    result = run.enforced()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*_ test_large _*", "peak 3.0 MiB, budget 1.0 MiB (+200.? %), probe python"])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*plugin.py*")
    assert run.measurement("test_small", "peak")["verdict"] == "pass"


def test_xfail_covers_a_broken_budget(pytester, run):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.xfail
        @pytest.mark.memory_budget(peak="1 MiB")
        def test_broken():
            bytearray(3 << 20)

        @pytest.mark.xfail(strict=True)
        @pytest.mark.memory_budget(peak="1 MiB")
        def test_broken_as_expected():
            bytearray(3 << 20)

        @pytest.mark.xfail(strict=True)
        @pytest.mark.memory_budget(peak="4 MiB")
        def test_kept():
            bytearray(3 << 20)
        """
    )
    result = run.enforced()
    result.assert_outcomes(xfailed=2, failed=1)
    result.stdout.fnmatch_lines(["*_ test_kept _*", "[[]XPASS(strict)[]]*"])


def test_maxfail_counts_broken_budgets(pytester, run):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.memory_budget(peak="1 MiB")
        @pytest.mark.parametrize("number", range(4))
        def test_large(number):
            bytearray(3 << 20)
        """
    )
    run.enforced("-x").assert_outcomes(failed=1)
    run.enforced("--maxfail=2").assert_outcomes(failed=2)


def test_the_test_s_own_error_stays_first(pytester, run):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.memory_budget(peak="1 MiB", leak="0 B")
        def test_wrong():
            bytearray(3 << 20)
            raise ValueError("its own reason")
        """
    )
    result = run.enforced()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E*ValueError: its own reason", "*- Captured memguard call -*", "peak 3.0 MiB, budget 1.0 MiB*"]
    )
    leak = run.measurement("test_wrong", "leak")
    assert leak["verdict"] == "not_measured"
    assert "the test failed" in leak["reason"]
    assert run.measurement("test_wrong", "peak")["verdict"] == "fail"


def test_skipping_inside_measures_nothing(pytester, run):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.memory_budget(peak="1 MiB", leak="0 B")
        def test_skipped():
            bytearray(3 << 20)
            pytest.skip("not today")
        """
    )
    result = run.enforced("--memguard-strict")
    result.assert_outcomes(skipped=1)
    assert result.ret == 0
    assert run.tests() == {}
    result.stdout.no_fnmatch_line("*unguarded*")


def test_xfail_inside_stays_xfailed(pytester, run):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.memory_budget(peak="1 MiB", leak="0 B")
        def test_expected():
            bytearray(3 << 20)
            pytest.xfail("known")
        """
    )
    run.enforced().assert_outcomes(xfailed=1)


def test_system_exit_is_the_test_s_own_error(pytester, run):
    pytester.makepyfile(
        """
        import sys
        import pytest

        @pytest.mark.memory_budget(peak="1 MiB", leak="0 B")
        def test_leaves():
            sys.exit(3)

        def test_traces_nothing_any_more():
            import tracemalloc
            assert not tracemalloc.is_tracing()
        """
    )
    result = run.enforced()
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["E*SystemExit: 3"])
    assert run.measurement("test_leaves", "leak")["verdict"] == "not_measured"


def test_observing_never_fails(pytester, run):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.memory_budget(peak="1 MiB")
        def test_large():
            bytearray(3 << 20)

        @pytest.mark.memory_budget(peak=lambda: 1 / 0)
        def test_wrong_budget():
            pass

        def test_unmarked():
            pass
        """
    )
    result = run("--memguard-observe", "--memguard-report=json:run.json")
    result.assert_outcomes(passed=3)
    assert run.measurement("test_large", "peak")["verdict"] == "fail"
    assert {m["probe"] for m in run.tests()["test_unmarked"]["measurements"]} == {"heap", "rss"}
    wrong = run.measurement("test_wrong_budget", "peak")
    assert wrong["verdict"] == "not_measured"
    assert "ZeroDivisionError" in wrong["reason"]


def test_what_is_gone_at_a_second_look_is_no_leak(pytester, run):
    """A thread that was just leaving, say: here the second collection after a call frees what it held."""
    pytester.makepyfile(
        """
        import gc
        import pytest

        HELD, ONCE = [], []

        @pytest.fixture
        def collections():
            seen = []

            def free(phase, info):
                if phase == "stop" and info["generation"] == 2:
                    seen.append(1)
                    if len(seen) == 2:
                        HELD.clear()

            gc.callbacks.append(free)
            yield seen
            gc.callbacks.remove(free)

        @pytest.mark.memory_budget(leak="0 B", probe="python", rounds=4)
        def test_freed_late(collections):
            collections.clear()
            ONCE or ONCE.append(bytearray(100_000))
            HELD.append(bytearray(10_000))

        @pytest.mark.memory_budget(leak="0 B", probe="python", rounds=4)
        def test_never_freed():
            HELD.append(bytearray(10_000))
        """
    )
    run.enforced().assert_outcomes(passed=1, failed=1)
    assert run.measurement("test_freed_late", "leak")["verdict"] == "pass"
    assert run.measurement("test_never_freed", "leak")["verdict"] == "fail"
