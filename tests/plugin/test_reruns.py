"""pytest-rerunfailures: every rerun is measured anew, and the last one counts."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

pytest.importorskip("pytest_rerunfailures")

_PLUGINS = ("pytest_rerunfailures",)


def test_the_last_rerun_counts(pytester, run):
    pytester.makepyfile(
        """
        import pytest

        sizes = [8 << 20, 4 << 20, 1 << 10]

        @pytest.mark.memory_budget(peak="1 MiB", leak="0 B")
        def test_settles():
            bytearray(sizes.pop(0))
        """
    )
    result = run.enforced("--reruns=3", "--junit-xml=junit.xml", plugins=_PLUGINS)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*1 passed,*2 rerun*"])
    peak = run.measurement("test_settles", "peak")
    assert peak["verdict"] == "pass"
    assert peak["value"] < 1 << 20
    root = ET.parse(pytester.path / "junit.xml").getroot()
    attempts = [[p.get("name") for p in case.iter("property")] for case in root.iter("testcase")]
    assert len(attempts) == 3
    assert all(len(names) == len(set(names)) > 0 for names in attempts)


def test_a_budget_that_stays_broken_fails(pytester, run):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.memory_budget(peak="1 MiB")
        def test_large():
            bytearray(3 << 20)
        """
    )
    result = run.enforced("--reruns=1", plugins=_PLUGINS)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*1 failed,*1 rerun*"])


def test_a_rerun_watches_its_own_pool(pytester, run):
    pytester.makepyfile(
        """
        import pytest

        class Pool:
            allocated_bytes = reserved_bytes = 0

        @pytest.fixture
        def pool(memguard):
            pool = Pool()
            memguard.watch(pool, "pool")
            return pool

        growths = [1 << 20, 0]

        @pytest.mark.memory_budget(leak="0 B", probe="pool")
        def test_grows(pool):
            pool.allocated_bytes += growths.pop(0)
        """
    )
    run.enforced("--reruns=1", plugins=_PLUGINS).assert_outcomes(passed=1)


def test_a_rerun_that_passes_is_committed(pytester, run):
    pytester.makepyfile(
        """
        import pytest

        outcomes = [False, True]

        @pytest.mark.memory_budget(peak="baseline")
        def test_flaky():
            block = bytearray(2 << 20)
            assert outcomes.pop(0)
        """
    )
    run.enforced("--reruns=1", "--memguard-update", plugins=_PLUGINS).assert_outcomes(passed=1)
    assert "test_flaky" in (pytester.path / "baselines" / "memory.json").read_text()
