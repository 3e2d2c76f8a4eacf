"""Two runs that update at the same time lose nothing of each other."""

from __future__ import annotations

import subprocess
import sys

_TESTS = """
import pytest

@pytest.mark.parametrize("number", range(5))
@pytest.mark.memory_budget(peak="baseline")
def test_kept(number):
    bytearray(1 << 20)
"""


def test_both_are_written(pytester, run):
    for letter in "ab":
        pytester.makepyfile(**{f"test_{letter}": _TESTS})
    command = (sys.executable, "-m", "pytest", "-p", "pytest_memguard.plugin", "-p", "no:cacheprovider")
    runs = [
        subprocess.Popen(
            [*command, "--memguard", "--memguard-update", f"test_{letter}.py"],
            cwd=pytester.path,
            stdout=subprocess.DEVNULL,
        )
        for letter in "ab"
    ]
    assert [process.wait(timeout=60) for process in runs] == [0, 0]
    text = (pytester.path / "baselines" / "memory.json").read_text()
    for letter in "ab":
        for number in range(5):
            assert f"test_{letter}.py::test_kept[{number}]" in text
