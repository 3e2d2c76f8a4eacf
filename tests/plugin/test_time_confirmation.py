"""Suspicions about a time, and what a duet against the baseline's own commit makes of them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.cli.repository import Repository

pytestmark = pytest.mark.slow

FAST = "def work():\n    return sum(range(20_000))\n"
TEST = """
import code_under_test

def test_work(benchmark):
    benchmark(code_under_test.work)
"""


@pytest.fixture
def repository(tmp_path, monkeypatch):
    for name in ("PYTEST_ADDOPTS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    repository = Repository(tmp_path / "r")
    repository.commit({"test_w.py": TEST, "code_under_test.py": FAST, "conftest.py": ""})
    status, output = judged(repository, "--memguard-update")
    assert status == 0, output
    return repository


def judged(repository, *arguments) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "--memguard", "-q", "--benchmark-max-time=0.1"]
    command += ["--memguard-report=json:../run.json", *arguments]
    done = subprocess.run(command, cwd=repository.folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def commits_said(repository, seconds: float) -> None:
    """Have the committed time be another one."""
    path = repository.folder / "baselines" / "timing.json"
    content = json.loads(path.read_text())
    for entries in content["benchmarks"].values():
        entries["test_w.py::test_work"]["minima"] = [seconds]
    path.write_text(json.dumps(content))


def test_a_slow_down_is_confirmed(repository):
    repository.write({"code_under_test.py": FAST.replace("20_000", "100_000")})
    status, output = judged(repository)
    assert status == 1, output
    assert "baseline" in output
    assert "confirmed by a duet against" in output or "every pair of a duet against" in output
    assert len(repository.git("worktree", "list").splitlines()) == 1


def test_a_slow_machine_is_not_the_code_s_fault(repository):
    commits_said(repository, 1e-6)
    status, output = judged(repository)
    assert status == 0 or "is inconclusive" in output, output
    assert "confirmed by a duet" not in output


def test_a_slow_down_of_the_benchmark_s_own_file_is_no_slow_machine(repository):
    helper = "import code_under_test\ndef twice():\n    for _ in range({}):\n        code_under_test.work()\n"
    test = "def test_work(benchmark):\n    benchmark(twice)\n"
    repository.commit({"test_w.py": helper.format(1) + test})
    judged(repository, "--memguard-update")
    repository.write({"test_w.py": helper.format(6) + test})
    status, output = judged(repository)
    assert status == 1 or "is inconclusive" in output, output
    assert (
        "finds it no slower outside of test_w.py, which has changed" in output or "is inconclusive" in output
    )


def test_without_the_commit_the_fastest_of_some_processes_decides(repository):
    subprocess.run(["rm", "-rf", str(repository.folder / ".git")], check=True)
    slow = FAST.replace("20_000", "100_000")
    repository.write({"code_under_test.py": slow})
    status, output = judged(repository)
    assert status == 1, output
    assert "allowed +100 %; the fastest of 4 more took" in output
    assert "duet" not in output
    # Slow in one process alone, as beside another program.
    once = "import pathlib\nif not pathlib.Path('was').exists():\n    pathlib.Path('was').touch()\n"
    repository.write({"code_under_test.py": FAST + once + "    " + slow.replace("\n", "\n    ")})
    status, output = judged(repository, "-v")
    assert status == 0, output
    report = json.loads((repository.folder.parent / "run.json").read_text())
    assert ": the machine was slower" in report["tests"][0]["measurements"][-1]["reason"]
