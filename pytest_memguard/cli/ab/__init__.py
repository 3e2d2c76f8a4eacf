"""``memguard ab``: time two commits against each other, in turns on one core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pytest_memguard.cli.ab.options import budget_option, comparison_options, pytest_arguments, settings_from
from pytest_memguard.cli.ab.running import fork_point, repository_here, run
from pytest_memguard.cli.files import baselines_option

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["command"]


@click.command(name="ab")
@click.option(
    "--base",
    required=True,
    metavar="REF",
    help="The commit to hold head against: where head left it, if it has gone on since.",
)
@baselines_option
@budget_option("10m")
@comparison_options
@pytest_arguments
def command(base: str, directory: Path, pytest_args: tuple[str, ...], **options: Any) -> int:
    """Time the benchmarks of two commits against each other.

    Both get a git worktree, this interpreter and head's own benchmark files. Head is the working tree as it is. A
    pair of fresh processes stands in the same benchmark at the same time, takes turns of a few milliseconds on one
    core, and makes one ratio; pairs are added until every benchmark has its verdict.

    A benchmark's own time_budget(regression=) takes the place of --threshold, and a slow-down that was accepted since
    base is allowed for.

    Exit status: 1 for a regression, 3 for an inconclusive benchmark under --strict, 4 when something could not run,
    which says nothing about performance.
    """
    repository = repository_here()
    commit = fork_point(repository, base)
    return run(
        repository, commit, pytest_args, settings=settings_from(options), outputs=options, baselines=directory
    )
