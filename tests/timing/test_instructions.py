"""Instruction counts beside the seconds of a comparison."""

from __future__ import annotations

import json
import shutil
import stat

import pytest

pytestmark = pytest.mark.slow

CALC = (
    "def same():\n    total = 0\n    for index in range({}):\n        total += index & 7\n    return total\n"
)
BENCH = "import calc\n\ndef test_one(benchmark):\n    benchmark(calc.same)\n"


@pytest.fixture
def changed(sample):
    sample.commit({"calc.py": CALC.format(1000), "test_calc.py": BENCH})
    sample.commit({"calc.py": CALC.format(1100)})
    return sample


def counted(sample, **environment):
    process = sample.start(
        "ab", "--base", "HEAD~1", "--instructions", "--looks", "5", "--threshold", "60%", "--slice", "0.0005s",
        "--side", "0.002s", "--json", "../run.json", **environment,
    )  # fmt: skip
    out, err = process.communicate(timeout=300)
    return process.returncode, out, err


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
def test_ten_percent_more_work_is_ten_percent_more_instructions(changed):
    status, out, err = counted(changed)
    assert status == 0, out + err
    (found,) = json.loads((changed.path.parent / "run.json").read_text())["timing"]["benchmarks"]
    ratio = found["head_instructions"] / found["base_instructions"]
    assert 1.09 < ratio < 1.11
    assert f"on head (+{100 * (ratio - 1):.2f} %)" in out
    changed.assert_untouched()


def test_a_valgrind_that_fails_costs_the_counts_alone(changed, tmp_path):
    tool = tmp_path / "bin" / "valgrind"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho valgrind: no room >&2\nexit 3\n")
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    status, out, _ = counted(changed, PATH=f"{tool.parent}:/usr/bin:/bin")
    assert status == 0
    assert (
        "instructions could not be counted on base: its process ended with status 3: valgrind: no room" in out
    )


def test_without_valgrind_nothing_is_begun(changed, tmp_path):
    git = tmp_path / "bin" / "git"
    git.parent.mkdir()
    git.symlink_to(shutil.which("git"))
    status, _, err = counted(changed, PATH=str(git.parent))
    assert status == 2
    assert "valgrind, which is not installed here" in err
