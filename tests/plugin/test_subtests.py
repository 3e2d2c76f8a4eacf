"""Subtests are part of the test that contains them."""

from __future__ import annotations

import pytest

from pytest_memguard.model import WindowPlan
from pytest_memguard.probes.heap import HeapProbe
from pytest_memguard.session.subtests import SubtestReports

_PLUGINS = () if pytest.version_tuple >= (9,) else ("pytest_subtests.plugin",)
if _PLUGINS:
    pytest.importorskip("pytest_subtests")


def test_subtests(pytester, run):
    pytester.makepyfile(
        f"""
        import pytest

        # Before pytest 9, reports keep the arguments themselves.
        @pytest.mark.memory_budget(peak="2 MiB", leak="0 B")
        def test_kept(subtests):
            for number in range({200 if pytest.version_tuple >= (9,) else 5}):
                with subtests.test(number=number):
                    bytearray(1 << 20)

        @pytest.mark.memory_budget(leak="0 B")
        def test_expected(subtests):
            for number in range(3):
                with subtests.test(number=number):
                    pytest.xfail("its own reason")

        @pytest.mark.memory_budget(peak="1 MiB")
        def test_broken(subtests):
            with subtests.test("large"):
                bytearray(3 << 20)

        @pytest.mark.memory_budget(peak="1 MiB", leak="64 KiB")
        def test_wrong(subtests):
            with subtests.test("wrong"):
                raise ValueError("its own reason")
        """
    )
    result = run.enforced(plugins=_PLUGINS)
    output = result.stdout.str()
    assert "its own reason" in output
    assert "peak 3.0 MiB, budget 1.0 MiB" in output
    assert result.ret == 1
    assert run.measurement("test_kept", "peak")["verdict"] == "pass"
    assert run.measurement("test_kept", "leak")["verdict"] == "pass"
    assert run.measurement("test_expected", "leak")["verdict"] == "pass"


@pytest.mark.skipif(HeapProbe().unavailable() is not None, reason="needs a C allocator that can be read")
def test_the_list_that_keeps_reports_is_nothing_that_the_test_has_taken():
    class OfSubtest(pytest.TestReport):
        pass

    report = OfSubtest("a.py::test", ("a.py", 1, "test"), {}, "passed", None, "call")
    hook = SubtestReports({report.nodeid})
    kept, taken = [], []
    window = HeapProbe().open(WindowPlan(wants_peak=False, wants_leak=True))
    for _ in range(5_000):
        steps = hook.pytest_runtest_logreport(report)
        next(steps)
        kept.append(report)
        with pytest.raises(StopIteration):
            steps.send(None)
    taken.append(bytearray(100_000))
    assert 100_000 <= window.close().retained_bytes < 104_000
