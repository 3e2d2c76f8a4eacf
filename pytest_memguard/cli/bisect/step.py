"""One step: asks the commit that is checked out."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_memguard.cli.bisect.question import Answer, Question, ask_memory, ask_time
from pytest_memguard.timing.errors import CouldNotRun

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_memguard.timing.git import Repository

__all__ = ["answer", "judged"]


def answer(question: Question, tree: Repository, below: Path) -> Answer:
    """Ask the commit that is checked out in ``tree``."""
    with _tests_of(question, tree, below) as trouble:
        if trouble:
            return Answer(is_bad=None, numbers=trouble)
        folder = tree.top / below
        if not folder.is_dir():
            return Answer(is_bad=None, numbers=f"there is no folder {below}")
        return (ask_time if question.is_time else ask_memory)(question, folder, tree.top)


@contextlib.contextmanager
def _tests_of(question: Question, tree: Repository, below: Path) -> Iterator[str]:
    """The test's file from elsewhere, for as long as it is needed; yields what went wrong."""
    if question.tests_of is None:
        yield ""
        return
    file = (below / question.nodeid.partition("::")[0]).as_posix()
    try:
        tree.ask("checkout", "--quiet", question.tests_of, "--", file)
    except CouldNotRun as error:
        yield str(error)
        return
    try:
        yield ""
    finally:
        tree.ask("reset", "--quiet", "--hard")


def judged(found: Answer, limit_ratio: float | None) -> Answer:
    """A time held against its limit; other answers know for themselves."""
    if found.ratio is None or limit_ratio is None:
        return found
    return replace(found, is_bad=found.ratio > limit_ratio)
