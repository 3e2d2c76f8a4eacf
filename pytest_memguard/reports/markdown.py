"""Markdown for pull requests and job summaries: what needs a look on top, the rest folded away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_memguard.model import Run, Verdict
from pytest_memguard.reports.counts import counts_text, reasons_by_verdict, remedies
from pytest_memguard.reports.failure import failure_lines
from pytest_memguard.reports.markdown_text import code, fenced, plain
from pytest_memguard.reports.rows import HEADER, Row, rows_of, words
from pytest_memguard.reports.text import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["render"]

_ALIGNMENT = ("---", "---", "---", "---:", "---:", "---:", "---")
_IN_CODE = frozenset({"test"})


def render(run: Run) -> str:
    rows = rows_of(run.tests)
    quiet = [row for row in rows if row.measurement.verdict is Verdict.PASS]
    lines = [
        "### memguard",
        "",
        counts_text(run),
        *_table([row for row in rows if row.measurement.verdict is not Verdict.PASS]),
        *_failures(run),
        *_reasons(run),
        *_remedies(run),
        *_folded(f"{plural(len(quiet), 'measurement')} within budget", list(_table(quiet))),
    ]
    return "\n".join(lines) + "\n"


def _table(rows: Sequence[Row]) -> Iterator[str]:
    if not rows:
        return
    yield ""
    yield _row_text(HEADER)
    yield _row_text(_ALIGNMENT)
    for row in rows:
        cells = zip(HEADER, row.cells, strict=True)
        yield _row_text([code(cell) if name in _IN_CODE else plain(cell) for name, cell in cells])


def _row_text(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _failures(run: Run) -> Iterator[str]:
    for result in run.tests:
        text = list(failure_lines(result.measurements, None))
        if text:
            yield from _folded(code(result.nodeid), fenced(text))


def _reasons(run: Run) -> Iterator[str]:
    lines: list[str] = []
    for verdict, reason, nodeids in reasons_by_verdict(run):
        lines.append(f"- {words(verdict)}: {plain(reason)}")
        lines += [f"  - {code(nodeid)}" for nodeid in nodeids]
    yield from _folded("No verdict, and why", ["", *lines] if lines else [])


def _remedies(run: Run) -> Iterator[str]:
    for trouble, command, entries in remedies(run):
        listed = [f"- {code(entry)}" for entry in entries]
        yield from _folded(f"{trouble}: run {code(command)}", ["", *listed])


def _folded(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        # Markdown inside the block starts after an empty line; the title is HTML.
        yield from ("", f"<details><summary>{title}</summary>", *lines, "", "</details>")
