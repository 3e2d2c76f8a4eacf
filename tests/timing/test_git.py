from __future__ import annotations

from pathlib import Path

import pytest

from pytest_memguard.model.timing import SideName
from pytest_memguard.session.environment import describe_environment
from pytest_memguard.timing import building, processes
from pytest_memguard.timing.errors import CouldNotRun, WrongUse
from pytest_memguard.timing.git import Repository, without_repository
from tests.cli.repository import Repository as History
from tests.cli.samples import memguard


@pytest.fixture
def history(tmp_path):
    return History(tmp_path / "here")


def test_a_hook_of_another_repository_leads_nowhere(tmp_path, history, monkeypatch):
    """git sets these for hooks; a test that commits would write to the repository of the hook."""
    here = history.commit({"a.py": ""})
    other = History(tmp_path / "other")
    other.commit({"b.py": ""}, "other")
    monkeypatch.setenv("GIT_DIR", str(other.folder / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.folder))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.folder / ".git" / "index"))
    repository = Repository.around(history.folder)
    assert (repository.top, repository.commit("HEAD")) == (history.folder.resolve(), here)
    assert repository.files() == (".gitignore", "a.py", "pytest.ini")
    assert describe_environment(history.folder).commit == here
    with pytest.raises(CouldNotRun, match=f"base does not build: {history.folder.resolve()}"):
        building.build("git rev-parse --show-toplevel; exit 1", history.folder, SideName.BASE)
    launch = processes.Launch(
        checkouts=(history.folder,),
        below=Path(),
        plugin=tmp_path,
        scratch=tmp_path,
        arguments=(),
        threads=1,
    )
    environment = processes._environment(launch, tmp_path, 0)
    assert not {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"} & environment.keys()
    kept = {"GIT_AUTHOR_NAME": "T", "GIT_CONFIG_COUNT": "0"}
    assert without_repository(kept) == kept


def test_git_says_why_and_what_to_do(history, monkeypatch):
    history.commit({"a.py": ""})
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(
        WrongUse, match=r"fatal: .*dubious ownership.* git config --global --add safe.directory"
    ):
        Repository.around(history.folder)


def test_submodules_have_names(tmp_path, history):
    commit = history.commit({"a.py": ""})
    history.git("update-index", "--add", "--cacheinfo", f"160000,{commit},vendored/it")
    assert Repository(history.folder).submodules() == ("vendored/it",)


def test_a_shallow_clone_is_told_how_to_get_the_rest(tmp_path, history, monkeypatch):
    """As actions/checkout makes them; a base that could be had is not the one where head left it."""
    history.commit({"a.py": ""})
    history.git("branch", "base")
    history.commit({"a.py": "1"})
    history.git("checkout", "-q", "base")
    history.commit({"a.py": "2"})
    clone = tmp_path / "clone"
    source = f"file://{history.folder}"
    history.git("clone", "-q", "--depth", "1", "--no-single-branch", source, str(clone))
    repository = Repository(clone)
    head, base = repository.commit("HEAD"), repository.commit("origin/main")
    with pytest.raises(CouldNotRun, match="fetch-depth: 0"):
        repository.fork_point(base, head)
    monkeypatch.chdir(clone)
    done = memguard("ab", "--base", "HEAD~1")
    assert (done.exit_code, done.stdout) == (4, "")
    assert "git knows no commit 'HEAD~1'; this clone is shallow" in done.stderr
    assert "fetch-depth: 0" in done.stderr
