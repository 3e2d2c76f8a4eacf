"""Tests that meddle with what the probes stand on."""

from __future__ import annotations


def test_stopping_tracemalloc_is_inconclusive(pytester, run):
    pytester.makepyfile(
        """
        import tracemalloc
        import pytest

        pytestmark = pytest.mark.memory_budget(peak="1 MiB", leak="0 B")

        def test_stops():
            tracemalloc.start()
            tracemalloc.stop()

        def test_starts_again():
            tracemalloc.stop()
            tracemalloc.start()

        def test_clears():
            tracemalloc.clear_traces()

        @pytest.mark.memory_budget(peak="1 MiB", leak="0 B", rounds=4)
        def test_stops_in_every_round():
            tracemalloc.stop()

        def test_undisturbed():
            assert tracemalloc.is_tracing()
        """
    )
    result = run.enforced()
    result.assert_outcomes(passed=5)
    verdicts = {name: test["verdict"] for name, test in run.tests().items()}
    assert verdicts.pop("test_undisturbed") == "pass"
    assert set(verdicts.values()) == {"inconclusive"}
    result.stdout.fnmatch_lines(["inconclusive: *the test itself stopped tracemalloc or cleared its traces"])


def test_somebody_else_s_tracing_goes_on(pytester, run, monkeypatch):
    monkeypatch.setenv("PYTHONTRACEMALLOC", "1")
    pytester.makepyfile(
        """
        import tracemalloc
        import pytest

        @pytest.mark.memory_budget(peak="2 MiB", leak="64 KiB")
        def test_small():
            bytearray(1 << 20)

        @pytest.mark.memory_budget(peak="2 MiB")
        def test_large():
            bytearray(3 << 20)

        def test_still_traced():
            assert tracemalloc.is_tracing()
        """
    )
    run.enforced(is_apart=True).assert_outcomes(passed=2, failed=1)
    assert run.measurement("test_small", "leak")["verdict"] == "pass"


def test_the_collector_is_left_as_the_test_leaves_it(pytester, run):
    pytester.makepyfile(
        """
        import gc
        import pytest

        @pytest.mark.memory_budget(leak="0 B")
        def test_freezes():
            gc.freeze()

        @pytest.mark.memory_budget(leak="0 B")
        def test_disables():
            gc.disable()

        def test_is_disabled():
            assert not gc.isenabled()
        """
    )
    run.enforced(is_apart=True).assert_outcomes(passed=3)


def test_what_tracing_keeps_is_no_leak_of_the_heap_and_what_the_test_keeps_is(pytester, run):
    pytester.makepyfile(
        """
        import ctypes
        import pytest

        malloc = ctypes.CDLL(None).malloc
        malloc.restype, malloc.argtypes = ctypes.c_void_p, (ctypes.c_size_t,)
        both = [
            pytest.mark.memory_budget(leak="16 KiB", probe="python"),
            pytest.mark.memory_budget(leak="0 B", probe="heap"),
        ]

        @pytest.mark.parametrize("nbytes", [0, pytest.param(40_000, marks=both)])
        def test_alone(nbytes):
            assert nbytes == 0 or malloc(nbytes)

        class TestBoth:
            pytestmark = both

            def test_of_many_stacks(self):
                for number in range(100):
                    namespace = {}
                    exec(compile(f"def call(): return [bytes({number + 40})]", f"f{number}.py", "exec"), namespace)
                    assert namespace["call"]()

            def test_native(self):
                assert malloc(40_000)

            @pytest.mark.memory_budget(leak="0 B", probe="heap", rounds=10)
            def test_small_in_rounds(self):
                assert malloc(8_000)
        """
    )
    result = run.enforced(is_apart=True)  # where memguard's own caches are still empty
    verdicts = {name: test["verdict"] for name, test in run.tests().items()}
    assert verdicts == {
        "test_alone[40000]": "fail",
        "test_of_many_stacks": "pass",
        "test_native": "fail",
        "test_small_in_rounds": "fail",
    }
    result.assert_outcomes(passed=2, failed=3)
