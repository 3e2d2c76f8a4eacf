"""A git repository in a folder, for commands that ask git."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "T"), ("EMAIL", "t@example.org"))
}
DAY = "2026-01-{:02}T12:00:00+00:00"


class Repository:
    """``commit(files)`` writes and commits, one day after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._days = 0
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main")
        self.write(
            {
                ".gitignore": "__pycache__/\n.pytest_cache/\n",
                "pytest.ini": "[pytest]\naddopts = -p no:cacheprovider\n",
            }
        )

    def git(self, *arguments: str) -> str:
        self._days += arguments[0] == "commit"
        date = DAY.format(max(self._days, 1))
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        environment |= {**_IDENTITY, "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
        command = ["git", "-c", "core.hooksPath=/dev/null", *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text, encoding="utf-8")

    def commit(self, files: dict[str, str], message: str = "change") -> str:
        self.write(files)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")
