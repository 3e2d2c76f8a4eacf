"""Tests that use pytest-benchmark and carry a budget: timed with every probe closed, then measured."""

import pytest

SOURCE = """
import tracemalloc
import pytest

KEPT = []
CALLS = []

@pytest.mark.memory_budget(peak="1 MiB", leak="0 B")
def test_within(benchmark):
    def target(n):
        CALLS.append(tracemalloc.is_tracing())
        return bytearray(n)
    assert len(benchmark.pedantic(target, args=(1000,), rounds=3)) == 1000

def test_was_timed_without_and_measured_with_tracing():
    assert CALLS == [False, False, False, True]

@pytest.mark.memory_budget(peak="1 MiB")
def test_spike(benchmark):
    benchmark(bytearray, 3 * 2**20)

@pytest.mark.memory_budget(leak="0 B", rounds=5)
def test_leak(benchmark):
    benchmark.pedantic(lambda: KEPT.append(bytearray(10_000)), rounds=2)

@pytest.mark.memory_budget(peak="1 MiB")
def test_setup_is_given_again(benchmark):
    benchmark.pedantic(lambda data: sum(data), setup=lambda: (([1, 2, 3],), {}), rounds=2)

@pytest.mark.memory_budget(peak="1 MiB")
def test_own_error(benchmark):
    benchmark(lambda: 1 / 0)
"""


@pytest.fixture
def result(pytester):
    pytester.makepyfile(test_it=SOURCE)
    return pytester.runpytest_subprocess("--memguard", "--benchmark-columns=min", "--benchmark-max-time=0.01")


def test_targets_are_measured_after_they_were_timed(result):
    result.assert_outcomes(passed=3, failed=3)
    result.stdout.fnmatch_lines_random(
        [
            "peak 3.0 MiB, budget 1.0 MiB (+200.? %), probe python",
            "leak 9.* KiB per call, budget 0 B, probe python*",
            "*ZeroDivisionError*",
        ]
    )
