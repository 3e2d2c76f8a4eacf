"""A history for people: a table for every number."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from pytest_memguard.cli.terminal import print_line, print_table
from pytest_memguard.units import format_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_memguard.model.history import Series

__all__ = ["print_history"]

_HEADER = ("commit", "date", "value", "change", "")


def print_history(history: Sequence[Series], *, is_whole: bool) -> None:
    """Rows at which a number changed, and all of them if the whole is wanted."""
    if not history:
        print_line("no numbers: nothing is committed under these names, and no run has them")
    for number, series in enumerate(history):
        if number:
            print_line("")
        print_line(series.name + (f" on {series.machine}" if series.machine else ""), {"bold": True})
        shown = [p for p in range(len(series.points)) if is_whole or _is_news(series, p)]
        rows = [_row(series, position) for position in shown]
        colors = ["yellow" if position in series.steps else "" for position in shown]
        print_table(_HEADER, rows, right=frozenset({"value", "change"}), colors=colors)


def _is_news(series: Series, position: int) -> bool:
    point = series.points[position]
    return (
        position == 0
        or position in series.steps
        or bool(point.source)
        or point.value != series.points[position - 1].value
    )


def _row(series: Series, position: int) -> tuple[str, ...]:
    point = series.points[position]
    change = _change(series.points[position - 1].value, point.value, series.unit) if position else ""
    notes = [point.source, _step(series, position) if position in series.steps else ""]
    return (
        point.commit[:12] or "-",
        point.date[:10],
        format_value(point.value, series.unit),
        change,
        "; ".join(filter(None, notes)),
    )


def _step(series: Series, position: int) -> str:
    """From the level before to the one that begins here."""
    bounds = [0, *series.steps, len(series.points)]
    here = bounds.index(position, 1)
    values = [point.value for point in series.points]
    before = median(values[bounds[here - 1] : position])
    after = median(values[position : bounds[here + 1]])
    return f"step: {_change(before, after, series.unit)}"


def _change(old: float, new: float, unit: str) -> str:
    if old == new:
        return "="
    if old == 0:
        return f"+{format_value(new, unit)}"
    return f"{(new / old - 1) * 100:+.1f} %"
