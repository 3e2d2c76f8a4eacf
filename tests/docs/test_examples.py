"""What the pages show runs as it is written."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

# Imported once: runs in this process forget what they imported themselves, which extension modules do not survive.
import msgspec  # noqa: F401
import numpy  # noqa: ICN001, F401
import pytest

import pytest_memguard.session.start  # noqa: F401

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"# (\w+\.py)\n")
NEEDS_DEVICE = ('backend="cupy"', "memory.device import")
NEEDED = ("h5py", "matplotlib", "numba", "scipy")  # by some page, of the extras reference and history


def examples(page):
    """Programs as one text, and files of pytest by name: parts of one file may stand in several places."""
    program, files = "", {}
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        name = match[1] if (match := NAME.match(block)) else "test_example.py"
        if match or "def test_" in block:
            files[name] = files.get(name, "") + block
        elif any(word in block for word in NEEDS_DEVICE):
            compile(block, page.name, "exec")
        else:
            program += block
    return program, files


PAGES = {page.name: examples(page) for page in sorted(DOCS.glob("*.md"))}


@pytest.mark.parametrize("page", [name for name, (_, files) in PAGES.items() if files])
def test_tests_on_the_page_pass(page, pytester, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for name, text in PAGES[page][1].items():
        (pytester.path / name).write_text(text, encoding="utf-8")
    plugins = ("-p", "pytest_memguard.plugin", "-p", "pytest_benchmark.plugin", "--benchmark-max-time=0.01")
    reports = ("--memguard-report=html", "--memguard-report=json:run.json")
    result = pytester.runpytest_inprocess("--memguard", *plugins, *reports)
    assert result.ret == 0
    assert not {"failed", "skipped", "errors"} & set(result.parseoutcomes())
    result.stdout.no_fnmatch_line("*unavailable*")


@pytest.mark.parametrize("page", [name for name, (program, _) in PAGES.items() if program])
def test_programs_on_the_page_run(page, tmp_path, monkeypatch):
    for module in NEEDED:
        pytest.importorskip(module, reason="comes with the extras reference and history")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    (tmp_path / "example.py").write_text(PAGES[page][0], encoding="utf-8")
    runpy.run_path("example.py", run_name="example")  # a part for __main__ alone has tests of its own
