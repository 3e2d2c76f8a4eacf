from __future__ import annotations

import os
import stat
import subprocess

import pytest

from pytest_memguard.timing import worktrees
from pytest_memguard.timing.git import Repository
from tests.cli.repository import Repository as History

pytestmark = pytest.mark.skipif(os.name != "posix", reason="two commits are compared on POSIX systems alone")


class NoRepository:
    def __init__(self, folder):
        self._folder = folder

    def common_folder(self):
        return self._folder


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_link_that_is_a_folder_by_now_leads_nowhere(tmp_path):
    """The checkout has files where the commit has a link to somebody's folder, and a folder where it has a file."""
    source, target, mine = tmp_path / "source", tmp_path / "target", tmp_path / "mine"
    for folder in (source / "linked", source / "was_file", target / "was_folder", mine):
        folder.mkdir(parents=True)
    for path in (source / "linked" / "a.py", source / "was_file" / "a.py", source / "was_folder"):
        path.write_text("new")
    for path in (target / "was_file", target / "was_folder" / "a.py", mine / "a.py"):
        path.write_text("old")
    (target / "linked").symlink_to(mine)
    names = ("linked", "was_file", "was_folder/a.py", "linked/a.py", "was_file/a.py", "was_folder")
    worktrees._copy(names, source, target)
    assert (mine / "a.py").read_text() == "old"
    assert (target / "linked" / "a.py").read_text() == "new"
    assert (target / "was_file" / "a.py").read_text() == "new"
    assert (target / "was_folder").read_text() == "new"


def test_modes_outside_of_the_trees_are_left_alone(tmp_path):
    """A folder that is gone already, and a link to a file in a folder that may not be written to."""
    temp, mine = tmp_path / "temp", tmp_path / "mine"
    temp.mkdir(mode=0o755)
    mine.touch(mode=0o640)
    folder = temp / "memguard-ab-1-abcdef"
    worktrees._clear(NoRepository(tmp_path), folder)
    assert mode(temp) == 0o755
    folder.mkdir()
    (folder / "link").symlink_to(mine)
    for path in (folder / "link", folder):
        worktrees._writable_then_again(folder, lambda _path: None, str(path), None)
    assert mode(mine) == 0o640
    assert (mode(temp), mode(folder)) == (0o755, 0o700)


@pytest.mark.parametrize(
    ("name", "is_cleared"),
    [
        ("memguard-ab-{dead}-abcdef", True),
        ("memguard-bisect-{dead}-abcdef", True),
        ("memguard-ab-{alive}-abcdef", False),
        ("memguard-ab-{dead}-notes", False),
        ("memguard-ab-notes", False),
    ],
)
def test_trees_of_the_dead_go_and_those_of_others_stay(tmp_path, name, is_cleared):
    history = History(tmp_path / "here")
    history.commit({"a.py": ""})
    dead = subprocess.Popen(["true"])
    dead.wait()
    folder = tmp_path / name.format(dead=dead.pid, alive=os.getpid())
    history.git("worktree", "add", "-q", "--detach", str(folder / "tree-abcdef"))
    worktrees._clear_what_was_killed(Repository(history.folder))
    assert folder.exists() is not is_cleared
    assert history.git("worktree", "list").count("\n") == (0 if is_cleared else 1)
