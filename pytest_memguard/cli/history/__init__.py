"""``memguard history``: numbers over the commits of the baselines, and where they took a step."""

from __future__ import annotations

from pathlib import Path

import click

from pytest_memguard.cli.exit_codes import ExitCode
from pytest_memguard.cli.files import baselines_option

__all__ = ["command"]


@click.command(name="history")
@click.argument("arguments", nargs=-1, metavar="[GLOB] [RUN.json ...]")
@click.option(
    "--metric", "metrics", multiple=True, metavar="NAME", help="Only this one; may be given several times."
)
@click.option(
    "--all", "is_whole", is_flag=True, help="Every commit, not only those at which a number changed."
)
@click.option("--plot", type=click.Path(path_type=Path), metavar="PNG", help="Draw it, with matplotlib.")
@click.option(
    "--csv", "table", type=click.Path(path_type=Path), metavar="PATH", help="For Apache Otava; - prints it."
)
@baselines_option
def command(
    arguments: tuple[str, ...],
    directory: Path,
    *,
    metrics: tuple[str, ...],
    is_whole: bool,
    plot: Path | None,
    table: Path | None,
) -> int:
    """Show how the numbers of tests that match GLOB changed over git's log of the baselines, and then in runs.

    Where a series takes a step that is more than its own noise, the row says so; times are compared within one
    class of machine alone. Run files, and pytest-benchmark's, come last in the order given.
    """
    from pytest_memguard.cli.baseline.show import matcher  # noqa: PLC0415
    from pytest_memguard.cli.files import write  # noqa: PLC0415
    from pytest_memguard.cli.history.series import collect, with_steps  # noqa: PLC0415
    from pytest_memguard.cli.history.table import print_history  # noqa: PLC0415
    from pytest_memguard.reports import otava_csv  # noqa: PLC0415

    runs = [Path(argument) for argument in arguments if argument.endswith(".json")]
    globs = [argument for argument in arguments if not argument.endswith(".json")]
    if len(globs) > 1:
        raise click.UsageError(
            f"got {len(globs)} patterns ({', '.join(globs)}), accepted: one, and run files"
        )
    matches = matcher(globs[0] if globs else "*")
    found = [
        each
        for each in collect(directory, runs)
        if matches(each.nodeid) and (not metrics or each.metric in metrics)
    ]
    history = with_steps(found)
    if table is not None:
        write(table, otava_csv.render(history).encode("utf-8", "backslashreplace"))
    if plot is not None:
        from pytest_memguard.cli.history.plot import draw  # noqa: PLC0415

        draw(history, plot)
    if table is None or str(table) != "-":
        print_history(history, is_whole=is_whole)
    return ExitCode.IN_ORDER
