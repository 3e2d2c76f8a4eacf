"""Bisecting a real repository of seven commits, without a trace in it."""

from __future__ import annotations

import pytest

from tests.cli.repository import Repository
from tests.cli.samples import memguard

pytestmark = pytest.mark.slow

TEST = """
import pytest
import code_under_test

@pytest.mark.memory_budget(peak="1 MiB")
def test_work():
    code_under_test.work()

def test_time(benchmark):
    benchmark.pedantic(code_under_test.work, rounds=3)
"""
SMALL = "import time\ndef work():\n    time.sleep(0.002)\n    return bytearray({})\n"
LARGE = "import time\ndef work():\n    time.sleep(0.02)\n    return bytearray(3 << 20)\n"


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """good, good, broken, good, BAD, bad, bad."""
    repository = Repository(tmp_path / "r")
    repository.ids = [
        repository.commit({"test_w.py": TEST, "code_under_test.py": SMALL.format(1)}, "one"),
        repository.commit({"code_under_test.py": SMALL.format(2)}, "two"),
        repository.commit({"code_under_test.py": "raise RuntimeError('broken')\n"}, "three"),
        repository.commit({"code_under_test.py": SMALL.format(4)}, "four"),
        repository.commit({"code_under_test.py": LARGE}, "five takes more"),
        repository.commit({"code_under_test.py": LARGE + "# six\n"}, "six"),
        repository.commit({"code_under_test.py": LARGE + "# seven\n"}, "seven"),
    ]
    repository.write({"code_under_test.py": "syntax error in the user's tree"})
    monkeypatch.chdir(repository.folder)
    for name in ("PYTEST_ADDOPTS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD"):
        monkeypatch.delenv(name, raising=False)
    before = repository.git("status", "--porcelain"), repository.git("rev-parse", "HEAD")
    yield repository
    assert (repository.git("status", "--porcelain"), repository.git("rev-parse", "HEAD")) == before
    assert len(repository.git("worktree", "list").splitlines()) == 1
    assert repository.git("for-each-ref", "refs/bisect") == ""


def test_the_commit_that_broke_a_memory_budget(repository):
    done = memguard("bisect", repository.ids[0], "HEAD", "test_w.py::test_work")
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == f"first bad commit: {repository.ids[4]}"
    assert lines[1] == "    T, 2026-01-05: five takes more"
    rows = {line[:12]: line for line in lines[3:]}
    assert rows[repository.ids[4][:12]].split(None, 3)[2:] == ["bad", "peak 3.0 MiB (python)"]
    assert " good " in rows[repository.ids[3][:12]]


@pytest.fixture
def quickly(monkeypatch):
    """Processes that start without every plugin there is: each commit takes a dozen of them."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p pytest_benchmark.plugin -p pytest_memguard.plugin")


def test_the_commit_that_slowed_a_benchmark_down(repository, quickly):
    done = memguard(
        "bisect", "HEAD~3", "HEAD", "test_w.py::test_time", "--time"
    )  # a question takes many seconds
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith(f"first bad commit: {repository.ids[4]}\n")
    assert " times GOOD's" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "exit_code", "complaint"),
    [
        (
            ["HEAD~1", "HEAD", "test_w.py::test_work"],
            2,
            "GOOD is bad: the test fails its budget there (peak 3.0 MiB",
        ),
        (["HEAD~6", "HEAD~5", "test_w.py::test_work"], 2, "BAD is good"),
        (["HEAD", "HEAD~6", "test_w.py::test_work"], 2, "HEAD does not come before HEAD~6"),
        (["nope", "HEAD", "test_w.py::test_work"], 2, "git knows no commit 'nope'"),
        (["HEAD~6", "HEAD", "test_w.py::test_nope"], 4, "could not run: BAD cannot tell: ERROR: not found"),
        (["HEAD~6", "HEAD", "test_w.py::test_time"], 4, "it has no memory budget there"),
        (["HEAD~4", "HEAD", "test_w.py::test_work"], 4, "GOOD cannot tell: "),
        (
            ["HEAD~6", "HEAD~5", "test_w.py::test_time", "--time", "--slower", "50%"],
            2,
            "BAD is not slower by 50%",
        ),
        (["a", "b", "t", "--slower", "5%"], 2, "--slower is about times"),
    ],
)
def test_what_cannot_be_bisected(repository, quickly, arguments, exit_code, complaint):
    done = memguard("bisect", *arguments)
    assert (done.exit_code, done.stdout) == (exit_code, "")
    assert complaint in done.stderr


def test_commits_that_cannot_run_are_named_when_nothing_else_is_left(repository):
    repository.git("checkout", "-q", "--force", repository.ids[1])
    repository.commit({"code_under_test.py": "raise RuntimeError('broken')\n"}, "broken")
    repository.commit({"code_under_test.py": LARGE}, "large")
    done = memguard("bisect", "HEAD~2", "HEAD", "test_w.py::test_work")
    assert done.exit_code == 4
    assert "it is one of these, most of which cannot run the test: " in done.stderr
    assert "broken" in done.stderr
    repository.git("checkout", "-q", repository.ids[6])
    repository.write({"code_under_test.py": "syntax error in the user's tree"})


def test_a_test_younger_than_good(repository, monkeypatch):
    repository.write({"code_under_test.py": LARGE})
    repository.commit({"test_new.py": TEST.replace("test_work", "test_new")}, "the test")
    done = memguard("bisect", "HEAD~7", "HEAD", "test_new.py::test_new", "--tests-of", "HEAD")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith(f"first bad commit: {repository.ids[4]}\n")
    repository.git("reset", "-q", "--hard", repository.ids[6])
    repository.write({"code_under_test.py": "syntax error in the user's tree"})
