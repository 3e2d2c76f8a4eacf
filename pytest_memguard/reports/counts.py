"""What a run came to, in words that every report shares."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pytest_memguard.model import Run, TestResult, Verdict
from pytest_memguard.reports.rows import GRAVEST_FIRST, words
from pytest_memguard.reports.text import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["counts_text", "reasons_by_verdict", "remedies", "verdict_of"]

_JUDGED = (Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE)
_UNJUDGED = (Verdict.UNAVAILABLE, Verdict.NOT_MEASURED)


def counts_text(run: Run) -> str:
    """``12 guarded (11 pass, 1 fail), 30 unguarded, 2 unavailable``: tests, not measurements.

    Guarded are tests with a budget that was judged; those it could not be judged for are counted apart.
    """
    guarded = Counter(result.verdict for result in run.tests if result.guarded)
    judged = [f"{guarded[verdict]} {verdict.value}" for verdict in _JUDGED if guarded[verdict]]
    parts = [
        f"{sum(guarded[verdict] for verdict in _JUDGED)} guarded"
        + (f" ({', '.join(judged)})" if judged else "")
    ]
    if observed := sum(not result.guarded for result in run.tests):
        parts.append(f"{observed} observed")
    if run.unguarded:
        parts.append(f"{run.unguarded} unguarded")
    parts += [f"{guarded[verdict]} {words(verdict)}" for verdict in _UNJUDGED if guarded[verdict]]
    return ", ".join(parts)


def verdict_of(run: Run) -> Verdict:
    """The gravest verdict of all tests that carry a budget; a run without any is in order."""
    return Verdict.gravest([result.verdict for result in run.tests if result.guarded] or [Verdict.PASS])


def reasons_by_verdict(run: Run) -> Iterator[tuple[Verdict, str, list[str]]]:
    """Why tests have no verdict: each reason once, with the tests that it holds for."""
    tests_of: dict[tuple[Verdict, str], dict[str, None]] = {}
    for result in run.tests:
        for verdict, reason in _open_questions(result):
            tests_of.setdefault((verdict, reason), {})[result.nodeid] = None
    for verdict, reason in sorted(tests_of, key=lambda key: GRAVEST_FIRST.index(key[0])):
        yield verdict, reason, list(tests_of[verdict, reason])


def _open_questions(result: TestResult) -> Iterator[tuple[Verdict, str]]:
    unanswered = [m for m in result.measurements if m.verdict not in (Verdict.PASS, Verdict.FAIL)]
    for measurement in unanswered:
        yield measurement.verdict, measurement.reason or result.reason or "no reason given"
    # Also a failure that is none of the measurements': a budget that cannot be judged by.
    if result.verdict is not Verdict.PASS and all(
        m.verdict is not result.verdict for m in result.measurements
    ):
        yield result.verdict, result.reason or "no reason given"


def remedies(run: Run) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """What is wrong with the committed baselines, the command that mends it, and the entries concerned."""
    if missing := run.missing_baselines:
        yield f"{plural(len(missing), 'baseline')} missing", "pytest --memguard --memguard-update", missing
    if orphaned := run.orphaned_baselines:
        yield f"{plural(len(orphaned), 'orphaned baseline')}", "memguard baseline prune", orphaned
