"""Run as a program: collect tests and write down which, whatever the options in force print of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from pytest_memguard.session.census import Census

__all__ = ["main"]


class _Writer:
    def __init__(self, answer: Path, census: Census) -> None:
        self._answer = answer
        self._census = census

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        content = {
            "nodeids": sorted(self._census.collected),
            "whole_files": sorted(self._census.whole_files),
            "rootdir": str(session.config.rootpath),
        }
        self._answer.write_text(json.dumps(content), encoding="utf-8")


def main(answer: str, *arguments: str) -> int:
    census = Census()
    return pytest.main(["--collect-only", "-q", *arguments], plugins=[census, _Writer(Path(answer), census)])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
