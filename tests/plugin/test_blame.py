"""``--memguard-blame memray``: call stacks at the high-water mark."""

import importlib.util

import pytest

SOURCE = """
import pytest

@pytest.mark.memory_budget(peak="1 MiB")
def test_spike():
    spike = bytearray(3 * 2**20)
    del spike
"""


@pytest.mark.skipif(importlib.util.find_spec("memray") is None, reason="memray is not installed")
def test_the_line_of_a_spike_comes_from_memray(pytester):
    pytester.makepyfile(test_it=SOURCE)
    result = pytester.runpytest_subprocess("--memguard", "--memguard-blame", "memray")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["* 3.0 MiB * test_it.py:5 * spike = bytearray(3 [*] 2[*][*]20)"])


def test_without_memray_the_header_says_so_and_the_run_goes_on(pytester):
    pytester.makepyfile(test_it=SOURCE)
    pytester.makeconftest(
        "import importlib.util as util\n"
        "find = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'memray' else find(name, *rest)\n"
    )
    result = pytester.runpytest_subprocess("--memguard", "--memguard-blame", "memray")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["memguard: memray is not installed: allocation sites come from tracemalloc"])


def test_anything_else_is_refused(pytester):
    result = pytester.runpytest_subprocess("--memguard", "--memguard-blame", "valgrind")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*memguard-blame*got 'valgrind', accepted: memray*"])
