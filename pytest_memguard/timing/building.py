"""Making a tree importable, where that takes more than a checkout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_memguard.timing.alone import run_alone
from pytest_memguard.timing.errors import CouldNotRun

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_memguard.model.timing import SideName

__all__ = ["build"]

_TAIL_LINES = 3


def build(command: str, tree: Path, side: SideName) -> None:
    """Run a shell command in a tree.

    Raises
    ------
    CouldNotRun
        When it fails.
    """
    status, said = run_alone(command, tree)
    if status:
        lines = said.strip().splitlines()
        raise CouldNotRun(f"{side.value} does not build: {' / '.join(lines[-_TAIL_LINES:]) or command}")
