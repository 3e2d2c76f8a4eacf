"""``memguard drift``: many small slow-downs, none of which is red, against the commit that was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pytest_memguard.cli.ab.options import budget_option, comparison_options, pytest_arguments, settings_from
from pytest_memguard.cli.ab.running import commit_of, repository_here, run
from pytest_memguard.cli.exit_codes import ExitCode, Failure
from pytest_memguard.cli.files import baselines_option, reading

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["command"]

_PAIRS = 30


@click.command(name="drift")
@click.option("--base", metavar="COMMIT", help="Instead of the commit that the baselines name.")
@baselines_option
@budget_option("60m")
@comparison_options
@pytest_arguments
@click.pass_context
def command(
    ctx: click.Context, /, base: str | None, directory: Path, pytest_args: tuple[str, ...], **options: Any
) -> int:
    """Time HEAD against the commit recorded in baselines/timing.json, with many pairs.

    What every pull request may lose without being red adds up; here it is red from the threshold on. Exit status as
    of `memguard ab`.
    """
    repository = repository_here()
    if ctx.get_parameter_source("looks") is click.core.ParameterSource.DEFAULT:
        options["looks"] = (_PAIRS,)
    commit = commit_of(repository, base or _recorded(directory))
    return run(
        repository, commit, pytest_args, settings=settings_from(options), outputs=options, baselines=directory
    )


def _recorded(directory: Path) -> str:
    from pytest_memguard.store import timing_baselines  # noqa: PLC0415 - msgspec, for those with times

    with reading():
        commit = timing_baselines.load(directory).reference.commit
    if commit is None:
        path = directory / timing_baselines.FILE_NAME
        raise Failure(f"{path} names no reference commit; name one with --base", ExitCode.COULD_NOT_RUN)
    return commit
