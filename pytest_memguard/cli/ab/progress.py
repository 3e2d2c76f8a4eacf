"""How a comparison goes: a live table on a terminal, a line for each pair elsewhere."""

from __future__ import annotations

import contextlib
import math
import sys
import time
from typing import TYPE_CHECKING

import click

from pytest_memguard.reports.text import one_line, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rich.live import Live
    from rich.table import Table

    from pytest_memguard.stats.duet import Decision
    from pytest_memguard.timing.record import Record
    from pytest_memguard.timing.settings import DuetSettings
    from pytest_memguard.timing.stage import Watch

__all__ = ["watching"]

_SCALE_COLUMNS = 31
_ROWS = 20


@contextlib.contextmanager
def watching(top: Path, base: str, settings: DuetSettings) -> Iterator[Watch]:
    """Somebody who shows the steps on standard error."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console  # noqa: PLC0415 - heavy, and of no use to a pipe
    from rich.live import Live  # noqa: PLC0415

    # No thread that refreshes: it would run beside what is timed.
    with Live(console=Console(stderr=True), auto_refresh=False, transient=True) as live:
        yield _Screen(live, f"{top.name} against {base[:12]}", settings)


class _Lines:
    def step(self, what: str) -> None:
        click.echo(what, err=True)

    def pair(self, number: int, records: Sequence[Record]) -> None:
        click.echo(f"pair {number}: {plural(len(records), 'benchmark')} open", err=True)

    def timed(self, record: Record) -> None:
        pass


class _Screen:
    """Every open benchmark with its interval, which narrows as pairs come in."""

    def __init__(self, live: Live, title: str, settings: DuetSettings) -> None:
        self._live, self._title, self._settings = live, title, settings
        self._started = time.monotonic()
        self._records: dict[str, Record] = {}
        self._number = 0

    def step(self, what: str) -> None:
        self._live.update(f"{one_line(self._title)}: {what}", refresh=True)

    def pair(self, number: int, records: Sequence[Record]) -> None:
        self._number = number
        self._records = {each.benchmark.nodeid: each for each in records} | {
            nodeid: each for nodeid, each in self._records.items() if not each.is_open
        }
        self._live.update(self._table(), refresh=True)

    def timed(self, record: Record) -> None:
        self._records[record.benchmark.nodeid] = record
        self._live.update(self._table(), refresh=True)

    def _table(self) -> Table:
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        left = max(0.0, self._settings.budget_seconds - (time.monotonic() - self._started))
        percent = 100 * self._settings.threshold
        title = f"{one_line(self._title)}: pair {self._number}, {left / 60:.0f} min of the budget left"
        table = Table(title=Text(title), box=None, pad_edge=False)
        table.add_column("benchmark", overflow="ellipsis", no_wrap=True)
        scale = f"-{percent:.3g} %  ..  +{percent:.3g} %"
        for name, width in (("pairs", 5), ("ratio", 5), (scale, _SCALE_COLUMNS), ("", 12)):
            table.add_column(name, no_wrap=True, min_width=width)
        for nodeid, record in list(self._records.items())[:_ROWS]:
            decision = record.against_base
            has_ratio = decision is not None and not math.isnan(decision.ratio)
            table.add_row(
                Text(one_line(nodeid)),
                str(len(record.pairs)),
                f"{decision.ratio:.3f}" if decision and has_ratio else "-",
                Text(_scale(record.decision, self._settings.threshold)),
                _state(record),
            )
        return table


def _state(record: Record) -> str:
    if record.setback is not None:
        return record.setback.outcome
    return "" if record.decision is None or record.is_open else record.decision.outcome.value


def _scale(decision: Decision | None, threshold: float) -> str:
    """The interval drawn between twice the threshold down and twice up; ``|`` is no change, ``:`` the threshold."""
    middle = _SCALE_COLUMNS // 2

    def column(ratio: float) -> int:
        share = math.log(max(ratio, 1e-9)) / (2 * math.log1p(threshold))
        return max(0, min(_SCALE_COLUMNS - 1, middle + round(middle * share)))

    marks = [" "] * _SCALE_COLUMNS
    if decision is not None and not math.isnan(decision.ratio):
        for position in range(column(decision.lower), column(decision.upper) + 1):
            marks[position] = "-"
    marks[middle] = "|"
    marks[column(1 + threshold)] = ":"
    if decision is not None and not math.isnan(decision.ratio):
        marks[column(decision.ratio)] = "o"
    return "".join(marks)
