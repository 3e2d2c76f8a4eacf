"""GitHub Actions: annotations at the test's file and line, and the job summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_memguard.model import Run, TestResult, Verdict
from pytest_memguard.reports import markdown
from pytest_memguard.reports.markdown_text import cut_to_bytes
from pytest_memguard.reports.rows import GRAVEST_FIRST, words
from pytest_memguard.reports.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["place_of", "render", "summary"]

# Unavailable is the normal state of a GPU test on a runner without one; not measured is never intended.
_COMMANDS = {
    Verdict.FAIL: "error",
    Verdict.INCONCLUSIVE: "warning",
    Verdict.NOT_MEASURED: "warning",
    Verdict.UNAVAILABLE: "notice",
}
_ANNOTATIONS_PER_STEP = 10  # of each kind; GitHub drops the rest in silence
_SUMMARY_BYTES = 1_000_000  # GitHub refuses the whole summary of a step from 1 MiB on


def render(run: Run) -> str:
    """One workflow command per test that needs a look, as GitHub reads them from standard output."""
    return "".join(f"{line}\n" for line in _annotations(run))


def summary(run: Run) -> str:
    """Markdown for ``$GITHUB_STEP_SUMMARY``, short enough to be accepted."""
    note = "The rest is left out: GitHub takes at most 1 MiB. `--memguard-report markdown` writes all of it."
    return cut_to_bytes(markdown.render(run), _SUMMARY_BYTES, note)


def _annotations(run: Run) -> Iterator[str]:
    tests_of: dict[str, list[TestResult]] = {}
    for result in sorted(run.tests, key=lambda result: GRAVEST_FIRST.index(result.verdict)):
        if result.verdict is Verdict.FAIL or (result.guarded and result.verdict in _COMMANDS):
            tests_of.setdefault(_COMMANDS[result.verdict], []).append(result)
    for command, results in tests_of.items():
        left_out = len(results) - _ANNOTATIONS_PER_STEP
        for position, result in enumerate(results[:_ANNOTATIONS_PER_STEP], start=1):
            is_last_of_more = position == _ANNOTATIONS_PER_STEP and left_out > 0
            note = (
                f"\n({left_out} more are not annotated: the job summary has them all)"
                if is_last_of_more
                else ""
            )
            yield _annotation(command, result, note)


def _annotation(command: str, result: TestResult, note: str) -> str:
    reasons = [m.reason for m in result.measurements if m.verdict is not Verdict.PASS and m.reason]
    message = "\n".join(reasons or [result.reason or words(result.verdict)]) + note
    place = place_of(result.file, result.line, title=f"memguard: {result.nodeid}")
    return f"::{command} {place}::{_data(message)}"


def place_of(file: str, line: int, *, title: str) -> str:
    """Where GitHub shows an annotation."""
    return f"file={_property(file)},line={line},title={_property(title)}"


def _data(text: str) -> str:
    """Escaped as the runner unescapes it: actions/toolkit, packages/core/src/command.ts."""
    lines = [one_line(line) for line in text.splitlines()]
    return "\n".join(lines).replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(one_line(text)).replace(":", "%3A").replace(",", "%2C")
