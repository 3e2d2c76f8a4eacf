"""From two commits to the first bad one between them."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from pathlib import Path

from pytest_memguard.cli.bisect.question import Answer, Question
from pytest_memguard.cli.bisect.step import answer, judged
from pytest_memguard.cli.terminal import print_line, print_table, progress
from pytest_memguard.timing.errors import CouldNotRun, WrongUse
from pytest_memguard.timing.git import Repository
from pytest_memguard.timing.signals import ending_raises
from pytest_memguard.timing.worktrees import one_tree

__all__ = ["Question", "search"]

_LEAST_RATIO = 1.04  # half of it, on either side, is what a few pairs can tell


def search(good: str, bad: str, question: Question) -> None:
    """Find it and print it.

    Raises
    ------
    WrongUse
        When the ends are not good and bad, or no commits.
    CouldNotRun
        When an end cannot answer, or too many commits cannot.
    """
    repository = Repository.around(Path.cwd())
    ends = {"GOOD": repository.commit(good), "BAD": repository.commit(bad)}
    if question.tests_of is not None:
        question = replace(question, tests_of=repository.commit(question.tests_of))
    if not _is_ancestor(repository, ends["GOOD"], ends["BAD"]):
        raise WrongUse(f"{good} does not come before {bad}: accepted is an ancestor of it")
    question = replace(question, good=ends["GOOD"])
    below = Path.cwd().resolve().relative_to(repository.top)
    with ending_raises(), one_tree(repository, ends["BAD"]) as folder:
        tree = Repository(folder)
        found: dict[str, Answer] = {}
        for name in ("BAD",) if question.is_time else ("BAD", "GOOD"):
            with progress(f"asking {name}"):
                found[name] = _asked(question, tree, below, ends[name])
        if question.is_time:
            found["GOOD"] = Answer(is_bad=None, numbers="what the others are held against", ratio=1.0)
        limit_ratio = _checked_ends(question, found)
        known = {commit: judged(found[name], limit_ratio) for name, commit in ends.items()}
        with progress("bisecting"):
            while (commit := _next(repository, known)) is not None:
                known[commit] = judged(_asked(question, tree, below, commit), limit_ratio)
    _print(repository, _first_bad(repository, known), known)


def _asked(question: Question, tree: Repository, below: Path, commit: str) -> Answer:
    tree.ask("checkout", "--quiet", "--force", "--detach", commit)
    return answer(question, tree, below)


def _candidates(repository: Repository, known: dict[str, Answer]) -> list[str]:
    """What may be the first bad commit: the earliest one known to be bad, and what leads to it and to no good one.

    Those that halve the rest best come first.
    """
    good = [commit for commit, found in known.items() if found.is_bad is False]
    bad = [commit for commit, found in known.items() if found.is_bad][-1]
    lines = repository.ask("rev-list", "--bisect-all", bad, "--not", *good).splitlines()
    return [line.split()[0] for line in lines]


def _next(repository: Repository, known: dict[str, Answer]) -> str | None:
    candidates = _candidates(repository, known)
    rest = [commit for commit in candidates if commit not in known]
    if not rest or candidates[0] not in known:
        return candidates[0] if rest else None
    # Neighbors of a commit that cannot tell often cannot either: anywhere else.
    return random.Random(len(known)).choice(rest)  # noqa: S311


def _first_bad(repository: Repository, known: dict[str, Answer]) -> str:
    candidates = _candidates(repository, known)
    if len(candidates) == 1:
        return candidates[0]
    names = "; ".join(repository.ask("show", "-s", "--format=%h %s", each) for each in candidates)
    raise CouldNotRun(f"it is one of these, most of which cannot run the test: {names}")


def _is_ancestor(repository: Repository, good: str, bad: str) -> bool:
    try:
        repository.ask("merge-base", "--is-ancestor", good, bad)
    except CouldNotRun:
        return False
    return good != bad


def _checked_ends(question: Question, found: dict[str, Answer]) -> float | None:
    """The ratio to GOOD's time from which on a commit is bad; ``None`` where its budget decides."""
    for name, one in found.items():
        if one.is_bad is None and one.ratio is None:
            raise CouldNotRun(f"{name} cannot tell: {one.numbers}")
    if not question.is_time:
        if found["GOOD"].is_bad:
            raise WrongUse(f"GOOD is bad: the test fails its budget there ({found['GOOD'].numbers})")
        if not found["BAD"].is_bad:
            raise WrongUse(f"BAD is good: the test keeps its budget there ({found['BAD'].numbers})")
        return None
    bad, needed = found["BAD"].ratio, question.ratio or _LEAST_RATIO
    assert bad is not None
    if bad < needed:
        raise WrongUse(f"BAD is not slower by {needed - 1:.0%}: {found['BAD'].numbers}")
    return question.ratio or math.sqrt(bad)


def _print(repository: Repository, first: str, known: dict[str, Answer]) -> None:
    subject = repository.ask("show", "-s", "--format=%an, %cs: %s", first)
    print_line(f"first bad commit: {first}", {"bold": True})
    print_line(f"    {subject}")
    order = [
        each
        for each in repository.ask("rev-list", "--topo-order", "--reverse", *known).splitlines()
        if each in known
    ]
    words = {True: "bad", False: "good", None: "skipped"}
    rows = [
        (
            commit[:12],
            repository.ask("show", "-s", "--format=%cs", commit),
            words[known[commit].is_bad],
            known[commit].numbers,
        )
        for commit in order
    ]
    colors = ["red" if commit == first else "" for commit in order]
    print_table(("commit", "date", "", "numbers"), rows, colors=colors)
