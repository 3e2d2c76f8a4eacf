from __future__ import annotations

import pytest

from pytest_memguard.model import Verdict
from pytest_memguard.reports import FORMATS
from pytest_memguard.store import run_file
from tests.cli.samples import measured, memguard, result, run_of, saved

RUN = run_of(
    result("t.py::t", measured(verdict=Verdict.FAIL, reason="peak 40.0 MiB too high"), verdict=Verdict.FAIL)
)


@pytest.fixture
def path(tmp_path):
    return saved(tmp_path, "run.json", RUN)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_goes_to_standard_output(path, name):
    flag = f"--{name.replace('_', '-')}"
    done = memguard("report", path, flag, *([] if FORMATS[name].default_path is None else ["-"]))
    assert done.exit_code == 0, done.output
    assert done.stdout == FORMATS[name].render(RUN)


def test_several_formats_to_files(path, tmp_path):
    markdown, json = tmp_path / "out" / "run.md", tmp_path / "copy.json"
    done = memguard("report", path, "--markdown", markdown, "--json", json)
    assert (done.exit_code, done.output) == (0, "")
    assert "t.py::t" in markdown.read_text(encoding="utf-8")
    assert run_file.load(json) == RUN


def test_without_a_format_the_summary_is_printed(path):
    done = memguard("report", path)
    assert done.exit_code == 0
    assert done.stdout.splitlines()[1].split() == [
        "t.py::t",
        "python",
        "peak",
        "40.0",
        "MiB",
        "-",
        "-",
        "fail",
    ]
    assert "\x1b" not in done.stdout


def test_github_summaries_are_added_to_what_other_steps_wrote(path, tmp_path, monkeypatch):
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    assert memguard("report", path, "--github").stdout.startswith("::error file=t.py,line=3")
    assert summary.read_text(encoding="utf-8").startswith("before\n### memguard")


def test_a_github_summary_that_cannot_be_written(path, tmp_path, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    done = memguard("report", path, "--github")
    assert done.exit_code == 4
    assert done.stderr.startswith(f"memguard: cannot write {tmp_path}: ")


def test_a_run_is_never_overwritten_by_its_report(path, tmp_path):
    done = memguard("report", path, "--markdown", path)
    assert done.exit_code == 2
    assert done.stderr == f"memguard: {path} is the run itself: write the report elsewhere\n"
    assert run_file.load(tmp_path / "run.json") == RUN


def test_a_report_that_cannot_be_written(path, tmp_path):
    done = memguard("report", path, "--html", tmp_path)
    assert done.exit_code == 4
    assert done.stderr.startswith(f"memguard: cannot write {tmp_path}: ")
