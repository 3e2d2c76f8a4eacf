"""Subtests are part of the test that contains them."""

from __future__ import annotations

import pytest

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
