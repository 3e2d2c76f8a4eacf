"""Run as a program: collect tests and write down which, whatever the options in force print of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

__all__ = ["main"]


class _Recorder:
    def __init__(self, answer: Path, arguments: list[str]) -> None:
        self._answer = answer
        self._nodeids: list[str] = []
        self._files: set[str] = set()
        self._doubtful = {_file(argument) for argument in arguments if "::" in argument}

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        self._nodeids.append(item.nodeid)  # before any are deselected

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.passed:
            self._files.add(report.nodeid)
        else:  # a module that needs a GPU skips itself elsewhere, and its tests are not gone
            self._doubtful.add(_file(report.nodeid))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        root = session.config.rootpath
        whole = [name for name in sorted(self._files - self._doubtful) if (root / name).is_file()]
        content = {"nodeids": self._nodeids, "whole_files": whole, "rootdir": str(root)}
        self._answer.write_text(json.dumps(content), encoding="utf-8")


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]


def main(answer: str, *arguments: str) -> int:
    recorder = _Recorder(Path(answer), list(arguments))
    return pytest.main(["--collect-only", "-q", *arguments], plugins=[recorder])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
