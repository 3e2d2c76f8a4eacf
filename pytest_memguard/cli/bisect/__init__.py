"""``memguard bisect``: the commit that broke a budget of memory or slowed a benchmark down."""

from __future__ import annotations

from typing import Any

import click

from pytest_memguard.cli.exit_codes import ExitCode, Failure

__all__ = ["command"]


def _parsed_ratio(_ctx: click.Context, _parameter: click.Parameter, share: str | None) -> float | None:
    from pytest_memguard.units import parse_percent  # noqa: PLC0415

    try:
        return None if share is None else 1 + parse_percent(share)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command(name="bisect")
@click.argument("good", metavar="GOOD")
@click.argument("bad", metavar="BAD")
@click.argument("nodeid", metavar="NODEID")
@click.argument("pytest_args", nargs=-1, metavar="[-- PYTEST ARGS]")
@click.option(
    "--time", "is_time", is_flag=True, help="Look for a slow-down of the benchmark, not a broken budget."
)
@click.option(
    "--slower",
    "ratio",
    callback=_parsed_ratio,
    metavar="PERCENT",
    help="With --time: bad is slower than GOOD by this much. By default half way between GOOD and BAD.",
)
@click.option(
    "--pairs",
    type=click.IntRange(min=5),
    default=5,
    show_default=True,
    help="With --time: pairs of fresh processes, of the commit and of GOOD, that take turns.",
)
@click.option(
    "--tests-of", metavar="REF", help="Take the test's file from there: for a test younger than GOOD."
)
def command(good: str, bad: str, nodeid: str, pytest_args: tuple[str, ...], **options: Any) -> int:
    """Find the first commit between GOOD and BAD at which NODEID fails its memory budget, or is slow.

    Works in a worktree of its own, which is gone afterwards; your tree is never touched. A commit that cannot run
    the test, or leaves its budget without a verdict, is skipped. Exit status: 0 found, 2 wrong use, 4 could not run.
    """
    from pytest_memguard.cli.bisect.search import Question, search  # noqa: PLC0415
    from pytest_memguard.timing.errors import CouldNotRun, WrongUse  # noqa: PLC0415

    if options["ratio"] is not None and not options["is_time"]:
        raise click.UsageError("--slower is about times, accepted: with --time")
    question = Question(nodeid=nodeid, arguments=pytest_args, **options)
    try:
        search(good, bad, question)
    except WrongUse as error:
        raise Failure(str(error), ExitCode.WRONG_USE) from error
    except CouldNotRun as error:
        raise Failure(f"could not run: {error}", ExitCode.COULD_NOT_RUN) from error
    return ExitCode.IN_ORDER
