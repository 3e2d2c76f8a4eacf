"""Two trees side by side for the time of a comparison, and nothing of them afterwards."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pytest_memguard.model.timing import SideName
from pytest_memguard.timing.errors import CouldNotRun
from pytest_memguard.timing.signals import undisturbed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_memguard.timing.git import Repository

__all__ = ["Trees", "one_tree", "two_trees"]

_NAME = re.compile(r"memguard-(?:ab|bisect)-(\d+)-[0-9a-f]{6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trees:
    """Paths of equal length: the length of a path moves the stack, and with it the time."""

    folder: Path  # scratch space beside the two
    base: Path
    head: Path

    def of(self, side: SideName) -> Path:
        return self.base if side is SideName.BASE else self.head


@contextlib.contextmanager
def two_trees(repository: Repository, base: str, *, head: str, changed: tuple[str, ...]) -> Iterator[Trees]:
    """``base``, and ``head`` with the ``changed`` files of the checkout, in two git worktrees.

    Raises
    ------
    CouldNotRun
        When a tree cannot be made; what there was of it is gone.
    """
    with _folder_for(repository, "ab") as (folder, token):
        trees = Trees(folder=folder, base=folder / f"base-{token}", head=folder / f"head-{token}")
        with _making(f"the two trees in {folder}"):
            folder.mkdir(mode=0o700)
            for path, commit in ((trees.base, base), (trees.head, head)):
                repository.ask("worktree", "add", "--quiet", "--detach", str(path), commit)
            _copy(changed, repository.top, trees.head)
        yield trees


@contextlib.contextmanager
def one_tree(repository: Repository, commit: str) -> Iterator[Path]:
    """A worktree of ``commit``.

    Raises
    ------
    CouldNotRun
        When it cannot be made; what there was of it is gone.
    """
    with _folder_for(repository, "bisect") as (folder, token):
        tree = folder / f"tree-{token}"
        with _making(f"a tree in {folder}"):
            folder.mkdir(mode=0o700)
            repository.ask("worktree", "add", "--quiet", "--detach", str(tree), commit)
        yield tree


@contextlib.contextmanager
def _folder_for(repository: Repository, kind: str) -> Iterator[tuple[Path, str]]:
    """Where trees may be made, and what their names end in; whatever is there goes at the end."""
    _clear_what_was_killed(repository)
    token = secrets.token_hex(3)
    folder = Path(tempfile.gettempdir()).resolve() / f"memguard-{kind}-{os.getpid()}-{token}"
    try:
        yield folder, token
    finally:
        with undisturbed():
            _clear(repository, folder)


@contextlib.contextmanager
def _making(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CouldNotRun(f"cannot make {what}: {error.strerror or error}") from error
    except CouldNotRun as error:
        raise CouldNotRun(f"cannot make {what}: {error}") from error


def _copy(names: tuple[str, ...], source: Path, target: Path) -> None:
    for name in names:
        there, here = source / name, target / name
        # A link that is a folder by now would lead out of the tree; so may a file be one.
        for parent in (target / each for each in reversed(PurePosixPath(name).parents)):
            if parent != target and (parent.is_symlink() or parent.is_file()):
                parent.unlink()
        if there.is_dir() and not there.is_symlink():  # a submodule
            continue
        if here.is_dir() and not here.is_symlink():
            shutil.rmtree(here)
        else:
            here.unlink(missing_ok=True)
        if there.is_symlink() or there.exists():
            here.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(there, here, follow_symlinks=False)


def _clear(repository: Repository, folder: Path) -> None:
    if folder.exists():
        again = partial(_writable_then_again, folder)
        if sys.version_info >= (3, 12):
            shutil.rmtree(folder, onexc=again)
        else:
            shutil.rmtree(folder, onerror=again)
    # A worktree that git was killed over is not in its list, yet its entry is there.
    entries = repository.common_folder() / "worktrees"
    token = folder.name.rpartition("-")[2]
    for entry in entries.glob(f"*-{token}"):
        shutil.rmtree(entry, ignore_errors=True)
    with contextlib.suppress(OSError):
        entries.rmdir()  # as git does when the last one goes


def _writable_then_again(folder: Path, function: object, path: str, _error: object) -> None:
    """A test may have left a place in ``folder`` that may not be written to; what is above or linked to is not ours."""
    with contextlib.suppress(OSError):
        for each in (Path(path).parent, Path(path)):
            if each.is_relative_to(folder) and not each.is_symlink():
                each.chmod(0o700)
        if callable(function):
            function(path)


def _clear_what_was_killed(repository: Repository) -> None:
    """Trees of a process that had no chance to tidy up."""
    for line in repository.ask("worktree", "list", "--porcelain").splitlines():
        folder = Path(line.removeprefix("worktree ")).parent
        ours = _NAME.fullmatch(folder.name)
        if line.startswith("worktree ") and ours and not _is_alive(int(ours[1])):
            _clear(repository, folder)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
