from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memguard.reports import FORMATS
from tests.reports.runs import EMPTY, runs

HEAVY = {"rich", "numpy", "pytest", "_pytest", "click", "psutil", "hypothesis"}


def test_the_formats_of_the_contract():
    assert set(FORMATS) == {
        "json",
        "markdown",
        "html",
        "github",
        "bmf",
        "smaller_is_better",
        "benchmark_json",
    }
    assert all(name == report.name for name, report in FORMATS.items())


def test_only_annotations_have_no_file_of_their_own():
    assert [name for name, report in FORMATS.items() if report.default_path is None] == ["github"]
    paths = [report.default_path for report in FORMATS.values()]
    assert len(set(paths)) == len(paths)


@pytest.mark.parametrize("name", FORMATS)
def test_an_empty_run_is_a_report_too(name):
    assert isinstance(FORMATS[name].render(EMPTY), str)


@given(name=st.sampled_from(sorted(FORMATS)), run=runs)
def test_rendering_is_pure_and_the_text_fits_into_a_utf8_file(name, run):
    text = FORMATS[name].render(run)
    assert text == FORMATS[name].render(run)
    assert text.encode().decode() == text
    assert not text or text.endswith("\n")


def test_importing_the_reports_is_cheap():
    program = (
        "import sys; from pytest_memguard.reports import github, terminal; print(*sys.modules, sep='\\n')"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    assert HEAVY.isdisjoint(module.split(".")[0] for module in loaded.splitlines())


def test_a_format_is_imported_when_it_is_asked_for():
    program = "import sys, pytest_memguard.reports; print(*sys.modules, sep='\\n')"
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    assert not [module for module in loaded.splitlines() if module.startswith("pytest_memguard.reports.")]
