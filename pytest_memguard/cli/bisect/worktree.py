"""One tree to go through the commits in, and nothing of it afterwards."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_memguard.timing.errors import CouldNotRun
from pytest_memguard.timing.git import Repository
from pytest_memguard.timing.signals import ending_raises, undisturbed

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["one_tree"]


@contextlib.contextmanager
def one_tree(repository: Repository, commit: str) -> Iterator[Repository]:
    """A worktree at ``commit``; git keeps a bisection in it apart from one of the user's own."""
    folder = Path(tempfile.mkdtemp(prefix="memguard-bisect-")).resolve()
    tree = folder / "tree"
    with ending_raises():
        try:
            repository.ask("worktree", "add", "--quiet", "--detach", str(tree), commit)
            yield Repository(tree)
        finally:
            with undisturbed():
                with contextlib.suppress(CouldNotRun):
                    repository.ask("worktree", "remove", "--force", str(tree))
                shutil.rmtree(folder, ignore_errors=True)
                with contextlib.suppress(CouldNotRun):
                    repository.ask("worktree", "prune")
