"""The little of git that a comparison needs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_memguard.timing.errors import CouldNotRun, WrongUse

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Repository", "without_repository"]

# Those that `git rev-parse --local-env-vars` names, and what else stands for one repository: git sets them for hooks.
_OF_ONE_REPOSITORY = frozenset(
    f"GIT_{name}"
    for name in (
        "ALTERNATE_OBJECT_DIRECTORIES", "COMMON_DIR", "CONFIG", "DIR", "GRAFT_FILE", "IMPLICIT_WORK_TREE", "INDEX_FILE",
        "INDEX_VERSION", "INTERNAL_SUPER_PREFIX", "NAMESPACE", "NO_REPLACE_OBJECTS", "OBJECT_DIRECTORY", "PREFIX",
        "QUARANTINE_PATH", "REPLACE_REF_BASE", "SHALLOW_FILE", "WORK_TREE",
    )
)  # fmt: skip

_SHALLOW = (
    "this clone is shallow: git fetch --unshallow, or fetch-depth: 0 for actions/checkout, gets the rest"
)


def without_repository(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment in which git, ours or a test's, finds its repository by the folder that it works in."""
    return {name: value for name, value in environment.items() if name not in _OF_ONE_REPOSITORY}


class Repository:
    """A checkout, named by its top folder."""

    def __init__(self, top: Path) -> None:
        self.top = top

    @classmethod
    def around(cls, folder: Path) -> Repository:
        """The repository that ``folder`` lies in."""
        try:
            return cls(Path(cls(folder).ask("rev-parse", "--show-toplevel")).resolve())
        except CouldNotRun as error:
            raise WrongUse(f"{folder} is not in a git repository: {error}") from error

    def ask(self, *arguments: str) -> str:
        """What git answers on standard output.

        Raises
        ------
        CouldNotRun
            When git refuses; its own words are the reason.
        """
        # Hooks of checkouts are none of our business.
        command = ("git", "-c", f"core.hooksPath={os.devnull}", "-C", str(self.top), *arguments)
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                env={**without_repository(os.environ), "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"},
                check=False,
                start_new_session=True,  # Ctrl-C is ours to handle, and tidying up asks git too
            )
        except OSError as error:
            raise CouldNotRun(f"git cannot be run: {error.strerror}") from error
        if done.returncode:
            lines = [line.strip() for line in done.stderr.decode(errors="replace").splitlines()]
            # From the error on: what it advises stands below, such as which folder to call safe.
            start = next((n for n, line in enumerate(lines) if line.startswith(("fatal:", "error:"))), -1)
            said = " ".join(filter(None, lines[start:]))
            raise CouldNotRun(said or f"git {arguments[0]} ended with status {done.returncode}")
        return done.stdout.decode(errors="surrogateescape").rstrip("\n")

    def commit(self, name: str) -> str:
        """The full name of a commit.

        Raises
        ------
        WrongUse
            When there is none; :exc:`CouldNotRun` where it may lie beyond the end of a shallow clone.
        """
        try:
            return self.ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        except CouldNotRun as error:
            sentence = f"git knows no commit {name!r}"
            if self._is_shallow():
                raise CouldNotRun(f"{sentence}; {_SHALLOW}") from error
            raise WrongUse(sentence) from error

    def fork_point(self, base: str, head: str) -> str:
        """Where ``head`` left ``base``; ``base`` itself where it is newer, or has nothing in common.

        Raises
        ------
        CouldNotRun
            When what they have in common may lie beyond the end of a shallow clone.
        """
        try:
            common = self.ask("merge-base", base, head)
        except CouldNotRun as error:
            if self._is_shallow():
                sentence = f"the history here does not reach to where {head[:12]} left {base[:12]}"
                raise CouldNotRun(f"{sentence}; {_SHALLOW}") from error
            return base
        return base if common == head else common

    def changed(self) -> tuple[str, ...]:
        """Files that are not as committed: modified, deleted, added, and not ignored."""
        tracked = self.ask("diff", "--name-only", "--no-renames", "-z", "HEAD")
        added = self.ask("ls-files", "--others", "--exclude-standard", "-z")
        return tuple(name for text in (tracked, added) for name in text.split("\0") if name)

    def files(self) -> tuple[str, ...]:
        return tuple(name for name in self.ask("ls-files", "-z").split("\0") if name)

    def submodules(self) -> tuple[str, ...]:
        lines = self.ask("ls-files", "--stage", "-z").split("\0")
        return tuple(line.partition("\t")[2] for line in lines if line.startswith("160000 "))

    def checkouts(self) -> tuple[Path, ...]:
        """The top folders of this checkout and of all others of the repository."""
        lines = self.ask("worktree", "list", "--porcelain", "-z").split("\0")
        places = [line.removeprefix("worktree ") for line in lines if line.startswith("worktree ")]
        return tuple(dict.fromkeys([self.top, *(Path(place).resolve() for place in places)]))

    def common_folder(self) -> Path:
        return (self.top / self.ask("rev-parse", "--git-common-dir")).resolve()

    def _is_shallow(self) -> bool:
        try:
            return self.ask("rev-parse", "--is-shallow-repository") == "true"
        except CouldNotRun:
            return False
