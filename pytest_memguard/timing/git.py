"""The little of git that a comparison needs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from pytest_memguard.timing.errors import CouldNotRun, WrongUse

__all__ = ["Repository"]


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
            When git refuses; its own last words are the reason.
        """
        # A hook's environment would point git at another repository; hooks of checkouts are none of our business.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        command = ("git", "-c", f"core.hooksPath={os.devnull}", "-C", str(self.top), *arguments)
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                env={**environment, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"},
                check=False,
            )
        except OSError as error:
            raise CouldNotRun(f"git cannot be run: {error.strerror}") from error
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise CouldNotRun(said[-1] if said else f"git {arguments[0]} ended with status {done.returncode}")
        return done.stdout.decode(errors="surrogateescape").rstrip("\n")

    def commit(self, name: str) -> str:
        try:
            return self.ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        except CouldNotRun as error:
            hint = "; this clone is shallow: fetch more of its history" if self._is_shallow() else ""
            raise WrongUse(f"git knows no commit {name!r}{hint}") from error

    def fork_point(self, base: str, head: str) -> str:
        """Where ``head`` left ``base``; ``base`` itself where it is newer, or has nothing in common."""
        try:
            common = self.ask("merge-base", base, head)
        except CouldNotRun:
            return base
        return base if common == head else common

    def changed(self) -> tuple[str, ...]:
        """Files that are not as committed: modified, deleted, added, and not ignored."""
        tracked = self.ask("diff", "--name-only", "--no-renames", "-z", "HEAD")
        added = self.ask("ls-files", "--others", "--exclude-standard", "-z")
        return tuple(name for text in (tracked, added) for name in text.split("\0") if name)

    def files(self) -> tuple[str, ...]:
        return tuple(name for name in self.ask("ls-files", "-z").split("\0") if name)

    def common_folder(self) -> Path:
        return (self.top / self.ask("rev-parse", "--git-common-dir")).resolve()

    def _is_shallow(self) -> bool:
        try:
            return self.ask("rev-parse", "--is-shallow-repository") == "true"
        except CouldNotRun:
            return False
