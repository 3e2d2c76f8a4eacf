"""``memguard baseline update``: commit the numbers of a run."""

from __future__ import annotations

from pathlib import Path

import click

from pytest_memguard.cli.exit_codes import ExitCode
from pytest_memguard.cli.files import baselines_option, load_run, reading, writing
from pytest_memguard.cli.terminal import print_line
from pytest_memguard.store import memory_baselines
from pytest_memguard.store.next_baselines import numbers_of

__all__ = ["command"]


@click.command(name="update")
@click.argument("path", type=click.Path(path_type=Path), metavar="RUN.json")
@baselines_option
@click.option("--dry-run", is_flag=True, help="Print what would change and change nothing.")
def command(path: Path, directory: Path, *, dry_run: bool) -> int:
    """Make the numbers of a run's guarded tests the committed ones.

    Tests that are not in the run keep theirs, and so do probes that were unavailable where it took place.
    """
    numbers = numbers_of(load_run(path))
    with reading():
        diff = memory_baselines.preview(directory, numbers)
    if not dry_run:
        with writing():
            diff = memory_baselines.update(directory, numbers)
    for line in diff.lines():
        print_line(line)
    counts = f"{len(diff.added)} new, {len(diff.changed)} changed, {len(diff.removed)} removed"
    click.echo(f"{directory / memory_baselines.FILE_NAME}: {counts}{' (dry run)' if dry_run else ''}")
    return ExitCode.IN_ORDER
