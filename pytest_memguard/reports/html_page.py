"""One page for a browser: every measurement in a table to sort and to filter."""

from __future__ import annotations

from collections import Counter
from html import escape
from math import isfinite
from typing import TYPE_CHECKING

from pytest_memguard.reports.counts import counts_text, remedies
from pytest_memguard.reports.failure import site_lines
from pytest_memguard.reports.html_template import PAGE
from pytest_memguard.reports.rows import GRAVEST_FIRST, HEADER, Row, rows_of, words
from pytest_memguard.reports.text import one_line
from pytest_memguard.reports.timeline_charts import charts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_memguard.model import Environment, Run

__all__ = ["render"]


def render(run: Run) -> str:
    rows = rows_of(run.tests, numbers_only=False)
    return PAGE.substitute(
        counts=escape(counts_text(run)),
        environment="".join(_environment(run.environment)),
        remedies="".join(_remedies(run)),
        filters="".join(_filters(rows)),
        header="".join(f'<th scope="col"><button>{escape(name)}</button></th>' for name in HEADER),
        rows="\n".join(map(_row, rows)),
        timelines="".join(charts(run.timelines)),
    )


def _row(row: Row) -> str:
    measurement = row.measurement
    test, probe, metric, measured, budget, head_room, verdict = map(_text, row.cells)
    evidence = [measurement.reason or row.result.reason, *site_lines(measurement.sites, None)]
    if any(evidence):
        shown = "\n".join(_text(line) for line in evidence if line)
        test = f"<details><summary>{test}</summary><pre>{shown}</pre></details>"
    cells = (
        f"<td>{test}</td><td>{probe}</td><td>{metric}</td>",
        _number(measurement.value, measured),
        _number(row.limit, budget),
        _number(row.head_room, head_room),
        f"<td>{verdict or 'pass'}</td>",
    )
    return f'<tr data-verdict="{measurement.verdict.value}">{"".join(cells)}</tr>'


def _number(value: float | None, text: str) -> str:
    """A cell that sorts by its number, not by its text; without a number it sorts last."""
    return (
        f'<td class="number" data-sort="{"" if value is None or not isfinite(value) else value}">{text}</td>'
    )


def _filters(rows: list[Row]) -> Iterator[str]:
    count = Counter(row.measurement.verdict for row in rows)
    for verdict in GRAVEST_FIRST:
        if count[verdict]:
            box = f'<input type="checkbox" value="{verdict.value}" checked>'
            yield f"<label>{box} {words(verdict)} ({count[verdict]})</label>\n"


def _environment(environment: Environment) -> Iterator[str]:
    packages = ", ".join(f"{name} {version}" for name, version in sorted(environment.packages.items()))
    named = {
        "machine class": environment.machine_class,
        "python": environment.python,
        "platform": environment.platform,
        "commit": environment.commit,
        "packages": packages,
    }
    for name, value in named.items():
        if value:
            yield f"<dt>{name}</dt><dd>{_text(value)}</dd>"


def _remedies(run: Run) -> Iterator[str]:
    for trouble, command, entries in remedies(run):
        items = "".join(f"<li>{_text(entry)}</li>" for entry in entries)
        title = f"{trouble}: run <code>{escape(command)}</code>"
        yield f"<details><summary>{title}</summary><ul>{items}</ul></details>\n"


def _text(text: str) -> str:
    return escape(one_line(text))
