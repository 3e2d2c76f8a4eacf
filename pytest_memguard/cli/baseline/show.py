"""``memguard baseline show``: print committed numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from pytest_memguard.cli.exit_codes import ExitCode
from pytest_memguard.cli.files import baselines_option, reading
from pytest_memguard.cli.terminal import print_table
from pytest_memguard.reports.text import plural
from pytest_memguard.store import memory_baselines
from pytest_memguard.store.diff import unit_of
from pytest_memguard.units import format_value

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["command"]


@click.command(name="show")
@click.argument("pattern", default="*", metavar="[GLOB]")
@baselines_option
def command(pattern: str, directory: Path) -> int:
    """Print the committed numbers of tests whose name matches GLOB.

    * and ? are wild; brackets stand for themselves, since they belong to the names of tests. The name of a
    folder, file, class or parametrized test stands for all the tests in it.
    """
    with reading():
        baselines = memory_baselines.load(directory)
    rows = [
        (nodeid, probe, metric, format_value(number, unit_of(metric, number)))
        for nodeid in filter(_matcher(pattern), baselines)
        for probe, metrics in sorted(baselines.entries[nodeid].items())
        for metric, number in sorted(metrics.items())
    ]
    if rows:
        print_table(("test", "probe", "metric", "baseline"), rows, right=frozenset({"baseline"}))
    else:
        name = directory / memory_baselines.FILE_NAME
        click.echo(f"{name} has {plural(len(baselines), 'test')}, none of them like {pattern}", err=True)
    return ExitCode.IN_ORDER


def _matcher(pattern: str) -> Callable[[str], object]:
    wild = re.escape(pattern.rstrip("/")).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(rf"{wild}(?:(?:/|::|\[).*)?", re.DOTALL).fullmatch
