"""``memguard merge``: one run out of the shards of a suite."""

from __future__ import annotations

from pathlib import Path

import click

from pytest_memguard.cli.environments import differing
from pytest_memguard.cli.exit_codes import ExitCode, Failure
from pytest_memguard.cli.files import load_run, write
from pytest_memguard.cli.merging import ShardsDisagree, merge_runs
from pytest_memguard.reports.text import plural

__all__ = ["command"]


@click.command(name="merge")
@click.argument("shards", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="SHARD.json...")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    metavar="RUN.json",
    help="Where the whole run goes; - is standard output.",
)
@click.option(
    "--prefer",
    type=click.Choice(["last", "gravest"]),
    help="What to keep of a test that differs between shards: the result of the last shard named, "
    "or the last of those with the gravest verdict.",
)
def command(shards: tuple[Path, ...], output: Path, prefer: str | None) -> int:
    """Merge the runs of several shards into one.

    A test in two shards is kept once where its results are identical, and an error otherwise, unless --prefer
    says which to keep.
    """
    from pytest_memguard.model.encoding import encode_run  # noqa: PLC0415 - msgspec

    runs = [load_run(path) for path in shards]
    try:
        whole = merge_runs(runs, prefer=prefer)
    except ShardsDisagree as error:
        raise Failure(_sentence(error, shards), ExitCode.WRONG_USE) from error
    for name, values in differing([run.environment for run in runs]).items():
        named = ", ".join(f"{value or 'none'} in {path}" for value, path in zip(values, shards, strict=True))
        click.echo(f"{name} differs: {named}", err=True)
    write(output, encode_run(whole))
    click.echo(f"{plural(len(whole.tests), 'test')} from {plural(len(runs), 'shard')}", err=True)
    return ExitCode.IN_ORDER


def _sentence(error: ShardsDisagree, shards: tuple[Path, ...]) -> str:
    names = list(error.shards_of)
    first = names[0]
    places = " and ".join(dict.fromkeys(str(shards[index]) for index in error.shards_of[first]))
    more = f" and so have {len(names) - 1} more" if len(names) > 1 else ""
    return f"{first} has different results in {places}{more}: choose with --prefer last or --prefer gravest"
