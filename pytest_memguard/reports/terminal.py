"""The section at the end of a pytest run: lines with the markup that pytest's terminal writer knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from pytest_memguard.model import Run, Verdict
from pytest_memguard.reports.counts import counts_text, reasons_by_verdict, remedies, verdict_of
from pytest_memguard.reports.rows import HEADER, Row, rows_of, words
from pytest_memguard.reports.text import aligned, ascii_text, cell_width, one_line, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Line", "summary_lines"]

Line: TypeAlias = tuple[str, dict[str, bool]]

_MARKUP = {
    Verdict.FAIL: {"red": True},
    Verdict.INCONCLUSIVE: {"yellow": True},
    Verdict.UNAVAILABLE: {"yellow": True},
    Verdict.NOT_MEASURED: {"yellow": True},
}
_NUMERIC = frozenset({"measured", "budget", "head-room"})
_NARROWEST_TEST = 20  # columns; below that the line grows over the terminal's edge and stays readable
_NAMES_PER_REASON = 5


def summary_lines(
    run: Run, *, width: int, verbose: bool = False, rows: int = 20, ascii_only: bool = False
) -> Iterator[Line]:
    """Table, counts, what has no verdict and why, and baselines to mend.

    ``rows`` is how many rows that did not fail are shown; ``verbose`` shows all of everything.
    ``ascii_only`` is for terminals whose encoding has no more.
    """
    shown, hidden = _selected(rows_of(run.tests), None if verbose else rows)
    lines = [
        *_table(shown, width, ascii_only=ascii_only),
        *_hidden_note(shown, hidden),
        (f"memguard: {counts_text(run)}", {**_MARKUP.get(verdict_of(run), {"green": True}), "bold": True}),
        *_reasons(run, None if verbose else _NAMES_PER_REASON),
        *_remedies(run, None if verbose else _NAMES_PER_REASON),
    ]
    for text, markup in lines:
        yield (ascii_text(text) if ascii_only else text), markup


def _selected(rows: list[Row], limit: int | None) -> tuple[list[Row], list[Row]]:
    failing = sum(row.measurement.verdict is Verdict.FAIL for row in rows)
    end = len(rows) if limit is None else failing + limit
    return rows[:end], rows[end:]


def _table(rows: list[Row], width: int, *, ascii_only: bool) -> Iterator[Line]:
    if not rows:
        return
    # Before anything is aligned: what ASCII cannot show takes more columns when spelled out.
    spelled = ascii_text if ascii_only else str
    ellipsis = spelled("…")
    cells = [tuple(spelled(one_line(cell)) for cell in row.cells) for row in rows]
    header = HEADER if any(row[-1] for row in cells) else (*HEADER[:-1], "")
    widths = [max(map(cell_width, column)) for column in zip(header, *cells, strict=True)]
    others = sum(widths[1:]) + 2 * (len(widths) - 1)
    widths[0] = min(widths[0], max(width - 1 - others, _NARROWEST_TEST))
    yield _row_text(header, widths, ellipsis), {"bold": True}
    for row, texts in zip(rows, cells, strict=True):
        yield _row_text(texts, widths, ellipsis), _MARKUP.get(row.measurement.verdict, {})


def _row_text(cells: tuple[str, ...], widths: list[int], ellipsis: str) -> str:
    test = shortened(cells[0], widths[0], ellipsis)
    columns = zip((test, *cells[1:]), widths, HEADER, strict=True)
    return "  ".join(aligned(cell, size, right=name in _NUMERIC) for cell, size, name in columns).rstrip()


def _hidden_note(shown: list[Row], hidden: list[Row]) -> Iterator[Line]:
    if hidden:
        least = shown[-1].tightness if shown else float("inf")
        roomier = least != float("inf") and all(row.tightness >= least for row in hidden)
        yield f"... and {len(hidden)} more{' with more head-room' if roomier else ''}", {}


def _reasons(run: Run, limit: int | None) -> Iterator[Line]:
    for verdict, reason, nodeids in reasons_by_verdict(run):
        yield f"{words(verdict)}: {one_line(reason)}", _MARKUP[verdict]
        yield from _names(nodeids, limit)


def _remedies(run: Run, limit: int | None) -> Iterator[Line]:
    for trouble, command, entries in remedies(run):
        yield f"{trouble}: run `{command}`", {"yellow": True}
        yield from _names(entries, limit)


def _names(names: Iterable[str], limit: int | None) -> Iterator[Line]:
    every = list(names)
    for name in every[:limit]:
        yield f"    {one_line(name)}", {}
    if limit is not None and len(every) > limit:
        yield f"    ... and {len(every) - limit} more", {}
