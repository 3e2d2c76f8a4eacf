"""``memguard baseline update``: commit the numbers of a run, or times measured for it."""

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
@click.argument("arguments", nargs=-1, metavar="RUN.json | --timing [-- PYTEST ARGS]")
@baselines_option
@click.option("--dry-run", is_flag=True, help="Print what would change and change nothing.")
@click.option(
    "--timing", is_flag=True, help="Time the benchmarks in fresh processes, and commit their times."
)
@click.option(
    "--processes",
    type=click.IntRange(min=5),
    default=10,
    show_default=True,
    help="With --timing: how many.",
)
@click.option(
    "--widest-band",
    type=click.FloatRange(min=0),
    default=0.5,
    hidden=True,
    help="Refuse times further apart.",
)
def command(
    arguments: tuple[str, ...],
    directory: Path,
    *,
    dry_run: bool,
    timing: bool,
    processes: int,
    widest_band: float,
) -> int:
    """Make the numbers of a run's guarded tests the committed ones, or with --timing measure times to commit.

    Tests that are not in the run keep theirs, and so do probes that were unavailable where it took place. Times
    are those of this class of machine alone; they are refused with a tree that is not as committed, controls that
    drift, or processes that differ by more than half.
    """
    if timing:
        from pytest_memguard.cli.baseline.timing_update import update_times  # noqa: PLC0415

        return update_times(
            arguments, directory, processes=processes, dry_run=dry_run, widest_band=widest_band
        )
    if len(arguments) != 1:
        raise click.UsageError(f"got {len(arguments)} run files, accepted: one, or --timing")
    return _update_from(Path(arguments[0]), directory, dry_run=dry_run)


def _update_from(path: Path, directory: Path, *, dry_run: bool) -> int:
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
