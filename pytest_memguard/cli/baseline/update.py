"""``memguard baseline update``: commit the numbers of a run, or times measured for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pytest_memguard.cli.exit_codes import ExitCode
from pytest_memguard.cli.files import baselines_option, load_run, reading, writing
from pytest_memguard.cli.terminal import print_line
from pytest_memguard.model import KERNEL_METRICS
from pytest_memguard.store import kernel_baselines, memory_baselines
from pytest_memguard.store.next_baselines import numbers_of, why_left_out

if TYPE_CHECKING:
    from pytest_memguard.store.diff import Diff

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
    run = load_run(path)
    memory, kernels = numbers_of(run), numbers_of(run, KERNEL_METRICS)
    with reading():  # both, before one of them is written
        of_memory = memory_baselines.preview(directory, memory)
        of_kernels = kernel_baselines.preview(directory, kernels)
    if not dry_run:
        with writing():
            of_memory = memory_baselines.update(directory, memory)
            of_kernels = kernel_baselines.update(directory, kernels)
    _print(of_memory, directory / memory_baselines.FILE_NAME, dry_run=dry_run)
    if of_kernels:
        _print(of_kernels, directory / kernel_baselines.FILE_NAME, dry_run=dry_run)
    for result in run.tests:
        if result.guarded and (reason := why_left_out(result)):
            print_line(f"left out: {result.nodeid}: {reason}", {"yellow": True})
    return ExitCode.IN_ORDER


def _print(diff: Diff, path: Path, *, dry_run: bool) -> None:
    for line in diff.lines():
        print_line(line)
    counts = f"{len(diff.added)} new, {len(diff.changed)} changed, {len(diff.removed)} removed"
    click.echo(f"{path}: {counts}{' (dry run)' if dry_run else ''}")
