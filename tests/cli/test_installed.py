"""Commands that run pytest, where the package is installed from a wheel and the project takes warnings for errors."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_memguard
from pytest_memguard.store import memory_baselines


@pytest.fixture
def installed(tmp_path):
    """Environment with a distribution that lists the package's files, as a wheel does and an editable one does not."""
    record = tmp_path / "site" / "pytest_memguard-9.dist-info"
    record.mkdir(parents=True)
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: pytest-memguard\nVersion: 9\n")
    (record / "entry_points.txt").write_text("[pytest11]\nmemguard = pytest_memguard.plugin\n")
    (record / "RECORD").write_text("pytest_memguard/__init__.py,,\npytest_memguard/plugin/__init__.py,,\n")
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nfilterwarnings = error::pytest.PytestAssertRewriteWarning\naddopts = -p no:cacheprovider\n"
    )
    (tmp_path / "test_it.py").write_text("def test_kept():\n    bytearray(2**20)\n")
    source = Path(pytest_memguard.__file__).parents[1]
    return os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (record.parent, source)))}


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["baseline", "prune"], "removed test_it.py::test_gone"),
        (["profile", "test_it.py::test_kept"], "bytearray(2**20)"),
    ],
)
def test_our_own_import_is_no_warning_of_pytest(tmp_path, installed, command, said):
    entry = {"python": {"peak": 1}}
    memory_baselines.update(
        tmp_path / "baselines", {"test_it.py::test_kept": entry, "test_it.py::test_gone": entry}
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest_memguard.cli", *command],
        cwd=tmp_path,
        env=installed,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said in done.stdout, done.stderr
    assert done.returncode == 0
