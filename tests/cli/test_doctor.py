import subprocess
import sys

import pytest

from pytest_memguard.cli import doctor, selftest
from pytest_memguard.model import Verdict
from pytest_memguard.timing.git import Repository
from tests.cli.repository import Repository as History
from tests.cli.samples import measured, memguard, result


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


SOUND = {
    "test_leaks_python": ("fail", 100_040),
    "test_leaks_heap": ("fail", 1_000_016),
    "test_leaks_rss": ("fail", 5 * 2**20),
    "test_peaks_python": ("fail", 8_000_040),
    "test_is_clean": ("pass", 0),
}


def results(**found):
    return {
        name: result(name, measured("leak", value), verdict=Verdict(verdict))
        for name, (verdict, value) in (SOUND | found).items()
    }


@pytest.mark.parametrize(
    ("found", "trouble"),
    [
        ({"test_leaks_python": ("pass", 0)}, "test_leaks_python came to pass, expected: fail"),
        ({"test_is_clean": ("fail", 9)}, "test_is_clean came to fail, expected: pass"),
        ({"test_leaks_heap": ("unavailable", None)}, "test_leaks_heap came to unavailable, expected: fail"),
        ({"test_leaks_rss": ("fail", 4096)}, "test_leaks_rss found 4.0 KiB, expected: 4.0 MiB"),
        ({"test_peaks_python": ("fail", 2**30)}, "test_peaks_python found 1.0 GiB, expected: 7.6 MiB"),
    ],
)
def test_a_canary_that_is_not_caught_is_no_success(monkeypatch, found, trouble):
    monkeypatch.setattr(doctor, "_check_probes", lambda: dict.fromkeys(["python", "heap", "rss"]))
    monkeypatch.setattr(doctor, "_run_canary", lambda: results(**found))
    done = memguard("doctor")
    assert done.exit_code == 4
    assert trouble in done.stderr


def test_a_probe_that_cannot_run_here_is_no_trouble(monkeypatch):
    monkeypatch.setattr(
        doctor, "_check_probes", lambda: {"python": None, "heap": "not on this system", "rss": None}
    )
    without_heap = results(test_leaks_heap=("unavailable", None))
    monkeypatch.setattr(doctor, "_run_canary", lambda: without_heap)
    assert memguard("doctor").exit_code == 0


def test_where_no_probe_can_be_used_nothing_is_in_order(monkeypatch):
    monkeypatch.setattr(doctor, "_check_probes", lambda: dict.fromkeys(["python", "heap", "rss"], "not here"))
    monkeypatch.setattr(doctor, "_run_canary", dict)
    done = memguard("doctor")
    assert done.exit_code == 4
    assert "no probe can be used here" in done.stderr


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
