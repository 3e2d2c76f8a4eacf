"""pytest-xdist: workers measure and judge, the controller reports and writes."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("xdist")

_PARALLEL = {"plugins": ("xdist", "xdist.looponfail"), "is_apart": True}


def test_numbers_travel_into_one_report_and_one_file(pytester, run):
    for letter in "abc":
        pytester.makepyfile(
            **{
                f"test_{letter}": """
                import pytest

                @pytest.mark.xdist_group("kept")
                @pytest.mark.memory_budget(peak="baseline")
                def test_kept():
                    bytearray(2 << 20)

                @pytest.mark.memory_budget(peak="1 MiB")
                def test_large():
                    bytearray(3 << 20)
                """
            }
        )
    pytester.makepyfile(
        test_wrong="""
        import pytest

        @pytest.mark.memory_budget(peak="3 MiBs")
        def test_wrong():
            pass
        """
    )
    result = run.enforced("-n2", "--dist=loadgroup", "--memguard-update", **_PARALLEL)
    result.assert_outcomes(passed=3, failed=3, errors=1)
    assert result.ret == 1
    tests = json.loads(run.run_file.read_text())["tests"]
    assert [test["nodeid"] for test in tests] == [
        f"test_{letter}.py::test_{name}" for letter in "abc" for name in ("kept", "large")
    ]
    assert result.stdout.str().count("6 guarded (3 pass, 3 fail)") == 1
    result.stdout.fnmatch_lines(["test_wrong.py:3: memory_budget(peak='3 MiBs')*"])
    baselines = (pytester.path / "baselines" / "memory.json").read_text()
    assert '"test_a.py::test_kept"' in baselines
    assert '"test_c.py::test_kept"' in baselines
    assert "test_large" not in baselines


def test_a_worker_that_dies(pytester, run):
    pytester.makepyfile(
        """
        import os
        import pytest

        @pytest.mark.memory_budget(peak="1 MiB", leak="0 B")
        def test_dies():
            os._exit(7)

        @pytest.mark.memory_budget(peak="1 MiB")
        @pytest.mark.parametrize("number", range(3))
        def test_lives(number):
            pass
        """
    )
    result = run.enforced("-n2", **_PARALLEL)
    result.assert_outcomes(passed=3, failed=1)
    assert {f"test_lives[{number}]" for number in range(3)} == set(run.tests())


def test_budgets_by_path_reach_the_workers(pytester, run):
    pytester.makeini("[pytest]\nmemguard_budgets =\n    large/*: peak=1 MiB\n")
    for folder in ("large", "free"):
        pytester.mkdir(folder).joinpath(f"test_{folder}.py").write_text(
            "def test_one():\n    bytearray(3 << 20)\n"
        )
    result = run.enforced("-n2", **_PARALLEL)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["peak 3.0 MiB, budget 1.0 MiB*", "memguard: 1 guarded (1 fail), 1 unguarded*"]
    )
