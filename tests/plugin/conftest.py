"""Running pytest on small files, with no plugin but those that a test names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

# Imported once: runs in this process forget what they imported themselves, which extension modules do not survive.
import msgspec  # noqa: F401
import numpy  # noqa: ICN001, F401
import pytest

import pytest_memguard.session.start  # noqa: F401

if TYPE_CHECKING:
    from pathlib import Path

_FOREIGN = (
    "PYTEST_ADDOPTS",
    "PYTHONTRACEMALLOC",
    "GITHUB_ACTIONS",
    "GITHUB_STEP_SUMMARY",
    "GITHUB_WORKSPACE",
    "CI",
)


class Runner:
    """``run(...)`` is pytest with memguard loaded; ``run.enforced(...)`` adds ``--memguard`` and a run file."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self._pytester = pytester
        self.run_file: Path = pytester.path / "run.json"

    def __call__(self, *args: str, plugins: tuple[str, ...] = (), is_apart: bool = False) -> pytest.RunResult:
        """``is_apart``: in a process of its own, for what would disturb this one."""
        loaded = ("pytest_memguard.plugin", "no:cacheprovider", *plugins)
        given = [argument for name in loaded for argument in ("-p", name)]
        start = self._pytester.runpytest_subprocess if is_apart else self._pytester.runpytest_inprocess
        result = start(*given, *args)
        result.stdout.no_fnmatch_line("*INTERNALERROR*")
        result.stderr.no_fnmatch_line("*INTERNALERROR*")
        return result

    def enforced(self, *args: str, **options: Any) -> pytest.RunResult:
        self.run_file.unlink(missing_ok=True)
        return self("--memguard", f"--memguard-report=json:{self.run_file}", *args, **options)

    def tests(self) -> dict[str, dict[str, Any]]:
        """Of the run file: tests by the last part of their node id."""
        return {
            test["nodeid"].rpartition("::")[2]: test
            for test in json.loads(self.run_file.read_text())["tests"]
        }

    def measurement(self, name: str, metric: str) -> dict[str, Any]:
        """Of the run file: one number of one test."""
        return next(m for m in self.tests()[name]["measurements"] if m["metric"] == metric)


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Runner:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for name in _FOREIGN:
        monkeypatch.delenv(name, raising=False)
    return Runner(pytester)
