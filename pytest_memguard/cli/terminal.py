"""Lines and tables for terminals and pipes."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from typing import TYPE_CHECKING

import click

from pytest_memguard.reports.text import aligned, cell_width, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = ["print_line", "print_table", "progress", "width"]

_WIDTH_OF_A_PIPE = 100_000  # columns: a program that reads the lines wants them whole


def width() -> int:
    """Columns that a line may take."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else _WIDTH_OF_A_PIPE


def print_line(text: str, markup: Mapping[str, bool] | None = None) -> None:
    """Print a line in the color and weight that are true in ``markup``, on terminals alone."""
    names = {name for name, is_on in (markup or {}).items() if is_on}
    color = next(iter(names - {"bold"}), None)
    # click leaves the colors out of pipes by itself, and knows nothing of https://no-color.org.
    click.echo(
        click.style(one_line(text), fg=color, bold="bold" in names or None),
        color=False if os.environ.get("NO_COLOR") else None,
    )


def print_table(
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: frozenset[str] = frozenset(),
    colors: Iterable[str] | None = None,
) -> None:
    """Print aligned columns, those named in ``right`` flush right; ``colors`` has one for each row.

    rich's table takes a millisecond for a row, and runs have tens of thousands.
    """
    lines = [header, *([one_line(cell) for cell in row] for row in rows)]
    widths = [max(map(cell_width, column)) for column in zip(*lines, strict=True)]
    for cells, color in zip(lines, ["bold", *(colors or [""] * (len(lines) - 1))], strict=True):
        columns = zip(cells, widths, header, strict=True)
        line = "  ".join(aligned(cell, size, right=name in right) for cell, size, name in columns)
        print_line(line.rstrip(), {color: bool(color)})


@contextlib.contextmanager
def progress(what: str) -> Iterator[None]:
    """Show that something is under way, to people who watch a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console  # noqa: PLC0415 - heavy, and of no use to a pipe

    with Console(stderr=True).status(what):
        yield
