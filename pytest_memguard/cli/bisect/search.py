"""From two commits to the first bad one between them."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pytest_memguard.cli.bisect.question import Answer, Question
from pytest_memguard.cli.bisect.step import answer, judged
from pytest_memguard.cli.bisect.worktree import one_tree
from pytest_memguard.cli.terminal import print_line, print_table, progress
from pytest_memguard.timing.errors import CouldNotRun, WrongUse
from pytest_memguard.timing.git import Repository

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
    with one_tree(repository, ends["BAD"]) as tree, tempfile.TemporaryDirectory() as scratch:
        found: dict[str, Answer] = {}
        for name in ("BAD",) if question.is_time else ("BAD", "GOOD"):
            tree.ask("checkout", "--quiet", "--force", "--detach", ends[name])
            with progress(f"asking {name}"):
                found[name] = answer(question, tree, below)
        if question.is_time:
            found["GOOD"] = Answer(is_bad=None, numbers="what the others are held against", ratio=1.0)
        limit_ratio = _checked_ends(question, found)
        log = Path(scratch) / "log.jsonl"
        order = Path(scratch) / "order.json"
        content = {
            "question": asdict(question),
            "top": str(tree.top),
            "below": str(below),
            "limit_ratio": limit_ratio,
            "log": str(log),
        }
        order.write_text(json.dumps(content), encoding="utf-8")
        tree.ask("bisect", "start", ends["BAD"], ends["GOOD"])
        said = _run(tree, order)
        steps = (
            [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
            if log.exists()
            else []
        )
        first = _first_bad(tree, said, ends["BAD"])
    known = {step["commit"]: step for step in steps}
    for name, commit in ends.items():
        known[commit] = {"commit": commit, **asdict(judged(found[name], limit_ratio))}
    _print(repository, first, known)


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


def _run(tree: Repository, order: Path) -> str:
    command = [sys.executable, "-m", "pytest_memguard.cli.bisect.step", str(order)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    with progress("bisecting"):
        done = subprocess.run(
            ["git", "-c", f"core.hooksPath={os.devnull}", "bisect", "run", *command],
            cwd=tree.top,
            env={**environment, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    return f"{done.stdout}\n{done.stderr}"


def _first_bad(tree: Repository, said: str, bad: str) -> str:
    marker = " is the first bad commit"
    for line in said.splitlines():
        if line.endswith(marker):
            return line.removesuffix(marker)
    candidates = [line for line in said.splitlines() if len(line) == len(bad) and line.isalnum()]
    if "only 'skip'ped commits left" in said and candidates:
        names = "; ".join(tree.ask("show", "-s", "--format=%h %s", each) for each in candidates)
        raise CouldNotRun(f"it is one of these, most of which cannot run the test: {names}")
    last = [line for line in said.splitlines() if line.strip()][-1:] or ["no output"]
    raise CouldNotRun(f"git bisect ended without an answer: {last[0]}")


def _print(repository: Repository, first: str, known: dict[str, dict[str, Any]]) -> None:
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
            words[step["is_bad"]],
            step["numbers"],
        )
        for commit in order
        for step in [known[commit]]
    ]
    colors = ["red" if commit == first else "" for commit in order]
    print_table(("commit", "date", "", "numbers"), rows, colors=colors)
