"""``memguard baseline show``: print committed numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from pytest_memguard.cli.exit_codes import ExitCode
from pytest_memguard.cli.files import baselines_option, reading
from pytest_memguard.cli.terminal import print_table
from pytest_memguard.reports.text import plural
from pytest_memguard.store import kernel_baselines, memory_baselines, timing_baselines
from pytest_memguard.store.diff import unit_of
from pytest_memguard.units import format_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_memguard.model.timing_baseline import TimingBaselines

__all__ = ["command", "matcher"]


@click.command(name="show")
@click.argument("pattern", default="*", metavar="[GLOB]")
@baselines_option
def command(pattern: str, directory: Path) -> int:
    """Print the committed numbers of tests whose name matches GLOB.

    * and ? are wild; brackets stand for themselves, since they belong to the names of tests. The name of a
    folder, file, class or parametrized test stands for all the tests in it.
    """
    with reading():
        counted = (memory_baselines.load(directory), kernel_baselines.load(directory))
        times = timing_baselines.load(directory)
    matches = matcher(pattern)
    rows: list[tuple[str, ...]] = [
        (nodeid, probe, metric, format_value(number, unit_of(metric, number)), "")
        for baselines in counted
        for nodeid in filter(matches, baselines)
        for probe, metrics in sorted(baselines.entries[nodeid].items())
        for metric, number in sorted(metrics.items())
    ]
    rows += [row for row in _time_rows(times) if matches(row[0])]
    if rows:
        print_table(("test", "probe", "metric", "baseline", ""), rows, right=frozenset({"baseline"}))
    else:
        count = len({*counted[0], *counted[1], *times.nodeids})
        click.echo(f"{directory} has {plural(count, 'test')}, none of them like {pattern}", err=True)
    return ExitCode.IN_ORDER


def _time_rows(times: TimingBaselines) -> Iterator[tuple[str, ...]]:
    for machine, entries in sorted(times.benchmarks.items()):
        for nodeid, entry in sorted(entries.items()):
            notes = [machine, "provisional" if entry.band is None else f"band {entry.band:.1%}"]
            if (accepted := times.accepted.get(nodeid)) and entry.date <= accepted.date:
                notes.append(f"accepted {accepted.ratio:g}x until {accepted.expires}: {accepted.reason}")
            yield nodeid, "time", "seconds", format_value(entry.seconds, entry.unit), "; ".join(notes)


def matcher(pattern: str) -> Callable[[str], object]:
    """Whether a name is one that ``pattern`` stands for."""
    wild = re.escape(pattern.rstrip("/")).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(rf"{wild}(?:(?:/|::|\[).*)?", re.DOTALL).fullmatch
