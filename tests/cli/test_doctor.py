import subprocess
import sys

import pytest

from pytest_memguard.cli import doctor, selftest
from pytest_memguard.model import TestResult, Verdict
from pytest_memguard.timing.git import Repository
from tests.cli.repository import Repository as History
from tests.cli.samples import memguard


def test_here_every_leak_is_caught(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "pytest_memguard.cli", "doctor"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "canary test_leaks_python: fail" in done.stdout
    assert "canary test_is_clean: pass" in done.stdout
    assert list(tmp_path.iterdir()) == []


def results(**verdicts):
    return {
        name: TestResult(nodeid=name, file="", line=1, verdict=Verdict(verdict))
        for name, verdict in verdicts.items()
    }


@pytest.mark.parametrize(
    ("verdicts", "trouble"),
    [
        ({"test_leaks_python": "pass"}, "test_leaks_python came to pass, expected: fail"),
        ({"test_is_clean": "fail"}, "test_is_clean came to fail, expected: pass"),
        ({"test_leaks_heap": "unavailable"}, "test_leaks_heap came to unavailable, expected: fail"),
    ],
)
def test_a_canary_that_is_not_caught_is_no_success(monkeypatch, verdicts, trouble):
    sound = {
        "test_leaks_python": "fail",
        "test_leaks_heap": "fail",
        "test_leaks_rss": "fail",
        "test_is_clean": "pass",
    }
    monkeypatch.setattr(doctor, "_check_probes", lambda: dict.fromkeys(["python", "heap", "rss"]))
    monkeypatch.setattr(doctor, "_run_canary", lambda: results(**(sound | verdicts)))
    done = memguard("doctor")
    assert done.exit_code == 4
    assert trouble in done.stderr


def test_a_probe_that_cannot_run_here_is_no_trouble(monkeypatch):
    monkeypatch.setattr(
        doctor, "_check_probes", lambda: {"python": None, "heap": "not on this system", "rss": None}
    )
    verdicts = {
        "test_leaks_python": "fail",
        "test_leaks_heap": "unavailable",
        "test_leaks_rss": "fail",
        "test_is_clean": "pass",
    }
    monkeypatch.setattr(doctor, "_run_canary", lambda: results(**verdicts))
    assert memguard("doctor").exit_code == 0


def test_its_commits_are_those_of_a_repository_of_its_own(tmp_path, monkeypatch):
    """Also in a hook of the user's, and where all commits are to be signed."""
    user = History(tmp_path / "user")
    before = user.commit({"a.py": ""})
    settings = tmp_path / "settings"
    settings.write_text("[commit]\n\tgpgSign = true\n[gpg]\n\tprogram = false\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_DIR", str(user.folder / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(user.folder / ".git" / "index"))
    base, heads = selftest._make_repository(tmp_path / "own")
    assert len({base, *heads.values()}) == 4
    assert Repository(tmp_path / "own").commit("HEAD") == heads[10]
    assert (user.git("rev-parse", "HEAD"), user.git("status", "--porcelain")) == (before, "")
