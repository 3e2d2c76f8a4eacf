"""What every commit is asked, and how it answers: in fresh processes of pytest."""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_memguard.model import Verdict
from pytest_memguard.store import run_file
from pytest_memguard.store.errors import StoreError
from pytest_memguard.timing.alone import run_alone
from pytest_memguard.timing.compare import compare
from pytest_memguard.timing.errors import CouldNotRun, WrongUse
from pytest_memguard.timing.git import Repository
from pytest_memguard.timing.packages import import_roots
from pytest_memguard.timing.settings import DuetSettings
from pytest_memguard.timing.stage import Nobody
from pytest_memguard.units import format_seconds

if TYPE_CHECKING:
    from pytest_memguard.model import TestResult

__all__ = ["Answer", "Question", "ask_memory", "ask_time"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One test, and what about it."""

    nodeid: str
    arguments: tuple[str, ...] = ()
    is_time: bool = False
    ratio: float | None = None  # times GOOD's seconds from which on a commit is bad
    pairs: int = 5
    good: str | None = None  # the commit that times are held against
    tests_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """``is_bad`` is ``None`` where the commit cannot tell."""

    is_bad: bool | None
    numbers: str  # for people
    ratio: float | None = None  # times as long as on GOOD


def ask_memory(question: Question, folder: Path, top: Path) -> Answer:
    """Whether the test breaks its memory budget with the code in ``folder``, which lies in the tree ``top``."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "run.json"
        said = _pytest(
            ["-m", "pytest", "--memguard", f"--memguard-report=json:{path}", "-q", "-p", "no:cacheprovider"],
            question,
            folder,
            top,
        )
        try:
            tests = run_file.load(path).tests
        except StoreError:
            return Answer(is_bad=None, numbers=said)
    result = next((test for test in tests if test.nodeid.endswith(question.nodeid) or len(tests) == 1), None)
    if result is None:
        return Answer(is_bad=None, numbers=said)
    return _of_result(result)


def _of_result(result: TestResult) -> Answer:
    from pytest_memguard.units import format_value  # noqa: PLC0415

    # Times have a question of their own, and one run of them is no answer to it.
    measured = [m for m in result.measurements if m.probe != "time"]
    numbers = ", ".join(
        f"{m.metric} {format_value(m.value, m.unit)} ({m.probe})" for m in measured if m.value is not None
    )
    verdict = Verdict.gravest([m.verdict for m in measured])
    if not result.guarded or verdict not in (Verdict.PASS, Verdict.FAIL):
        reason = next((m.reason for m in measured if m.reason), result.reason)
        return Answer(is_bad=None, numbers=reason or "it has no memory budget there")
    return Answer(is_bad=verdict is Verdict.FAIL, numbers=numbers)


def ask_time(question: Question, folder: Path, top: Path) -> Answer:
    """How many times as long as on GOOD, in pairs of processes that take turns; good or bad is for others to say."""
    repository = Repository(top)
    assert question.good is not None
    try:
        found = compare(
            repository,
            base=repository.commit(question.good),
            arguments=[*question.arguments, question.nodeid],
            below=folder.relative_to(top),
            # The ratio is asked for and no verdict, which would take as many pairs again to be confirmed.
            settings=DuetSettings(
                looks=(question.pairs,), is_enough=lambda pairs: len(pairs) >= question.pairs
            ),
            watch=Nobody(),
        )
    except (CouldNotRun, WrongUse) as error:
        return Answer(is_bad=None, numbers=str(error))
    if len(found.benchmarks) != 1:
        return Answer(is_bad=None, numbers=f"{len(found.benchmarks)} benchmarks, accepted: one")
    (timing,) = found.benchmarks
    if timing.ratio is None or timing.head_seconds is None:
        return Answer(is_bad=None, numbers=f"{timing.verdict.value.replace('_', ' ')}: {timing.reason}")
    numbers = f"{format_seconds(timing.head_seconds)}, {timing.ratio:.3f} times GOOD's"
    numbers = "; ".join((numbers, *found.advisory))
    return Answer(is_bad=None, numbers=numbers, ratio=timing.ratio)


def _pytest(command: list[str], question: Question, folder: Path, top: Path) -> str:
    """Run it on the code of the tree, and return the first line that says what went wrong."""
    roots = [*import_roots(folder), *import_roots(top)]
    inherited = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    path = [*dict.fromkeys(map(str, roots)), *filter(None, inherited)]
    more = {"PYTHONPATH": os.pathsep.join(path), "PYTHONDONTWRITEBYTECODE": "1", "GITHUB_ACTIONS": ""}
    status, said = run_alone(
        [sys.executable, *command, *question.arguments, question.nodeid],
        folder,
        environment={**os.environ, **more},
    )
    lines = [line.strip() for line in said.splitlines()]
    first = next((line for line in lines if line.startswith(("ERROR", "E  "))), "")
    return first or f"pytest ended with status {status}"
