"""Making a tree importable, where that takes more than a checkout."""

from __future__ import annotations

import filecmp
from typing import TYPE_CHECKING

from pytest_memguard.timing.alone import run_alone
from pytest_memguard.timing.errors import CouldNotRun

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_memguard.model.timing import SideName

__all__ = ["build", "compiled_apart"]

_TAIL_LINES = 3
_COMPILED = (".so", ".dylib")


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


def compiled_apart(base: Path, head: Path) -> list[str]:
    """Extension modules of both trees that are not the same to the byte, built in them or committed."""
    return sorted(
        path.relative_to(head).as_posix()
        for suffix in _COMPILED
        for path in head.rglob(f"*{suffix}")
        if (other := base / path.relative_to(head)).is_file()
        and path.is_file()
        and not filecmp.cmp(path, other, shallow=False)
    )
