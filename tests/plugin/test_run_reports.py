"""Reports of a run, built in and added."""

from __future__ import annotations

import json

_LARGE = """
import pytest

@pytest.mark.memory_budget(peak="1 MiB")
def test_large():
    bytearray(3 << 20)
"""


def test_the_run_file_keeps_its_contract(pytester, run):
    pytester.makepyfile(_LARGE)
    run.enforced()
    content = json.loads(run.run_file.read_text())
    assert content["schema"] == 1
    assert {"machine_class", "python", "platform", "commit", "packages"} <= set(content["environment"])
    (test,) = content["tests"]
    assert {"nodeid", "file", "line", "verdict", "measurements"} <= set(test)
    assert test["line"] == 3
    (measurement,) = test["measurements"]
    assert {"probe", "metric", "value", "unit", "budget", "baseline", "verdict", "reason"} <= set(measurement)
    assert measurement["budget"] == 1 << 20


def test_a_test_that_failed_by_itself_is_told_from_one_whose_budget_is_broken(pytester, run):
    pytester.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.memory_budget(peak="1 MiB")

        @pytest.fixture
        def broken():
            yield
            raise ValueError("its own reason")

        def test_passes(): pass
        def test_above(): bytearray(3 << 20)
        def test_raises(): raise ValueError("its own reason")
        def test_raises_above(): bytearray(3 << 20); raise ValueError("its own reason")
        def test_torn_down(broken): pass
        def test_skips(): pytest.xfail("its own reason")
        """
    )
    run.enforced()
    failed = {name for name, test in run.tests().items() if test["failed"]}
    assert failed == {"test_raises", "test_raises_above", "test_torn_down", "test_skips"}


def test_several_reports(pytester, run):
    pytester.makepyfile(_LARGE)
    run("--memguard", "--memguard-report=markdown:a.md", "--memguard-report=html:b.html")
    assert "test_large" in (pytester.path / "a.md").read_text()
    assert "test_large" in (pytester.path / "b.html").read_text()


def test_github(pytester, run, monkeypatch):
    summary = pytester.path / "summary.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    pytester.makepyfile(_LARGE)
    result = run("--memguard")
    result.stdout.fnmatch_lines(["::error file=test_github.py,line=3*"])
    assert "test_large" in summary.read_text()
    monkeypatch.setenv("GITHUB_WORKSPACE", str(pytester.path.parent))
    below = pytester.path.name
    run("--memguard").stdout.fnmatch_lines([f"::error file={below}/test_github.py,line=3*"])


def test_one_report_that_fails_keeps_none_of_the_others_from_being_written(pytester, run):
    pytester.makeconftest(
        """
        class Broken:
            name = "broken"
            default_path = None
            def render(self, run):
                raise ZeroDivisionError("of its own")

        def pytest_memguard_reports(config):
            return [Broken()]
        """
    )
    pytester.makepyfile("def test_x(): pass")
    result = run(
        "--memguard",
        *("--memguard-report=json:/proc/memguard/run.json", "--memguard-report=broken"),
        "--memguard-report=markdown:a.md",
    )
    assert result.ret not in (0, 3)
    result.stdout.fnmatch_lines(
        [
            "memguard: *cannot*/proc/memguard*",
            "memguard: the broken report raised ZeroDivisionError: of its own",
            "memguard: markdown report in a.md",
        ]
    )
    assert (pytester.path / "a.md").exists()


def test_baselines_that_cannot_be_written_keep_no_report_from_it(pytester, run):
    pytester.makepyfile(_LARGE.replace("1 MiB", "baseline") + "    open('baselines', 'w').close()\n")
    result = run("--memguard", "--memguard-update", "--memguard-report=markdown:a.md")
    assert result.ret not in (0, 3)
    result.stdout.fnmatch_lines(["memguard: cannot * *baselines*"])
    assert (pytester.path / "a.md").exists()


def test_only_collecting_leaves_the_reports_of_the_run_before(pytester, run):
    pytester.makepyfile(_LARGE)
    run.enforced()
    run("--memguard", f"--memguard-report=json:{run.run_file}", "--collect-only")
    assert "test_large" in run.tests()


def test_added_probes_and_reports(pytester, run):
    pytester.makeconftest(
        """
        import numpy

        from pytest_memguard.extend import Counters, Reading

        class Window:
            def mark(self):
                before, after = Counters(allocated_bytes=0), Counters(allocated_bytes=0)
                mark = numpy.int64(2048)
                return Reading(probe="tape", before=before, after=after, high_water_allocated_bytes=mark)
            close = mark
            def settle(self):
                return 0
            def retained_by(self, *, is_single_call, is_final):
                return 0, 0
            def sites(self, metric):
                return ()

        class Tape:
            name = "tape"
            noise_floor_bytes = 0
            def unavailable(self):
                return None
            def open(self, plan):
                return Window()
            def known_allocation(self, nbytes):
                return None

        class Count:
            name = "count"
            default_path = None
            def render(self, run):
                return f"counted {len(run.tests)} tests"

        def pytest_memguard_probes(config):
            return [Tape()]

        def pytest_memguard_reports(config):
            return [Count()]
        """
    )
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.memory_budget(peak="1 KiB", probe="tape")
        def test_tape():
            pass
        """
    )
    result = run.enforced("--memguard-report=count")
    result.stdout.fnmatch_lines(["counted 1 tests"])
    (measurement,) = run.tests()["test_tape"]["measurements"]
    assert (measurement["probe"], measurement["value"]) == ("tape", 2048)
