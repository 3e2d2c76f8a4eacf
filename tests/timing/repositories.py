"""Small git repositories to compare commits of, and the command on them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

__all__ = ["FAST", "LOADED", "Sample", "environment", "processes_in"]

# Ratios here are far from the threshold, so that slices of half a millisecond on a busy machine will do.
FAST = (
    "--looks",
    "5,8,12,16,20",
    "--slice",
    "0.0005s",
    "--side",
    "0.002s",
    "--threshold",
    "60%",
    "--seed",
    "1",
)
LOADED = "-p pytest_benchmark.plugin -p pytest_memguard.plugin"  # starting pytest without the other plugins is quick


def environment(temp: Path, **more: str) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GITHUB_", "GIT_", "PYTEST_"))
    }
    return {
        **kept,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_ADDOPTS": LOADED,
        "TMPDIR": str(temp),
        **more,
    }


class Sample:
    """A repository with a package, benchmarks and a temporary folder of its own beside it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "checkout"
        self.temp = folder / "tmp"
        self.temp.mkdir(parents=True)
        self.path.mkdir()
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.email", "someone@example.org")
        self.git("config", "user.name", "Someone")

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ("git", *arguments),
            cwd=self.path,
            capture_output=True,
            text=True,
            check=True,
            env=environment(self.temp),
        )
        return done.stdout.strip()

    def put(self, files: dict[str, str]) -> None:
        for name, content in files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")

    def commit(self, files: dict[str, str] | None = None) -> str:
        self.put(files or {})
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "a step")
        return self.git("rev-parse", "HEAD")

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "pytest_memguard.cli", *arguments]

    def start(self, *arguments: str, below: str = ".", **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.path / below,
            env=environment(self.temp, **more),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def ab(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        process = self.start("ab", "--base", "HEAD~1", *FAST, *arguments, **more)
        try:
            out, err = process.communicate(timeout=120)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def timed(self, *arguments: str, **more: str) -> tuple[subprocess.CompletedProcess[str], dict[str, dict]]:
        """Run, and each benchmark's part of the JSON file by the name of its test."""
        target = self.temp.parent / "run.json"
        done = self.ab("--json", str(target), *arguments, **more)
        content = json.loads(target.read_text())
        return done, {each["nodeid"].rpartition("::")[2]: each for each in content["timing"]["benchmarks"]}

    def assert_untouched(self) -> None:
        """No worktree, no file and no process is left."""
        assert self.git("worktree", "list").count("\n") == 0
        assert not (self.path / ".git" / "worktrees").exists()
        assert not list(self.temp.iterdir())
        assert not processes_in(self.temp)


def processes_in(folder: Path) -> list[str]:
    """Command lines that name ``folder``."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if str(folder) in line and state != "Z":
                found.append(line)
    return found
