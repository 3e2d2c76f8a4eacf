"""``memguard baseline prune``: drop the numbers of tests that are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pytest_memguard.cli.baseline.collecting import collect
from pytest_memguard.cli.exit_codes import ExitCode
from pytest_memguard.cli.files import baselines_option, reading, writing
from pytest_memguard.cli.terminal import print_line, progress
from pytest_memguard.reports.text import plural
from pytest_memguard.store import kernel_baselines, memory_baselines, timing_baselines
from pytest_memguard.store.orphans import orphans

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["command"]


@click.command(name="prune")
@click.argument("pytest_arguments", nargs=-1, metavar="[-- PYTEST ARGUMENTS]")
@baselines_option
@click.option("--dry-run", is_flag=True, help="Print what would go and remove nothing.")
def command(pytest_arguments: tuple[str, ...], directory: Path, *, dry_run: bool) -> int:
    """Remove the committed numbers of tests that are gone.

    Collects the tests as pytest would from here. A test is gone when its file is, or when its file was
    collected wholly without it; files that are skipped here as a whole, or not collected, keep their numbers.
    Tests that exist only on other machines, such as parameters made from the devices present, look gone: try
    --dry-run.
    """
    with reading():
        committed = {
            memory_baselines.FILE_NAME: tuple(memory_baselines.load(directory)),
            kernel_baselines.FILE_NAME: tuple(kernel_baselines.load(directory)),
            timing_baselines.FILE_NAME: timing_baselines.load(directory).nodeids,
        }
    known = {name: nodeids for name, nodeids in committed.items() if nodeids}
    if not known:
        click.echo(f"{directory / memory_baselines.FILE_NAME} has no tests")
        return ExitCode.IN_ORDER
    with progress("collecting tests"):
        found = collect(pytest_arguments)
    gone = {
        name: orphans(nodeids, found.nodeids, found.whole_files, found.rootdir)
        for name, nodeids in known.items()
    }
    if not dry_run:
        with writing():
            _remove(directory, gone)
    for nodeid in dict.fromkeys(nodeid for nodeids in gone.values() for nodeid in nodeids):
        print_line(f"{'would remove' if dry_run else 'removed'} {nodeid}")
    for name, nodeids in gone.items():
        counts = f"{len(nodeids)} of {plural(len(known[name]), 'test')} gone"
        click.echo(f"{directory / name}: {counts}{' (dry run)' if dry_run else ''}")
    return ExitCode.IN_ORDER


def _remove(directory: Path, gone: dict[str, tuple[str, ...]]) -> None:
    if in_memory := gone.get(memory_baselines.FILE_NAME):
        memory_baselines.update(directory, {}, removed=in_memory)
    if in_kernels := gone.get(kernel_baselines.FILE_NAME):
        kernel_baselines.update(directory, {}, removed=in_kernels)
    if in_timing := gone.get(timing_baselines.FILE_NAME):
        timing_baselines.remove(directory, in_timing)
