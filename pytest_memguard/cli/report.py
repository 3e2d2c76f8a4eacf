"""``memguard report``: render a run file again, in any of the formats."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pytest_memguard.cli.exit_codes import ExitCode, Failure
from pytest_memguard.cli.files import load_run, write
from pytest_memguard.cli.terminal import print_line, width
from pytest_memguard.reports import FORMATS, github
from pytest_memguard.reports.terminal import summary_lines

if TYPE_CHECKING:
    from pytest_memguard.model import Report, Run

__all__ = ["command"]

_STANDARD_OUTPUT = Path("-")


@click.command(name="report")
@click.argument("path", type=click.Path(path_type=Path), metavar="RUN.json")
def command(path: Path, **chosen: Path | bool | None) -> int:
    """Render a run, or print its summary when no format is asked for."""
    run = load_run(path)
    wanted = {name: target for name, target in chosen.items() if target}
    for target in wanted.values():
        if isinstance(target, Path) and target.exists() and target.samefile(path):
            raise Failure(f"{target} is the run itself: write the report elsewhere", ExitCode.WRONG_USE)
    for name, target in wanted.items():
        write(target if isinstance(target, Path) else _STANDARD_OUTPUT, _rendered(FORMATS[name], run))
    if wanted.get("github"):
        _add_job_summary(run)
    if not wanted:
        for text, markup in summary_lines(run, width=width()):
            print_line(text, markup)
    return ExitCode.IN_ORDER


def _rendered(report: Report, run: Run) -> bytes:
    return report.render(run).encode("utf-8", "backslashreplace")


def _add_job_summary(run: Run) -> None:
    """Append to the summary of the GitHub job that this runs in, if any, after what other steps wrote."""
    if not (summary := os.environ.get("GITHUB_STEP_SUMMARY")):
        return
    try:
        with Path(summary).open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(github.summary(run))
    except OSError as error:
        raise Failure(f"cannot write {summary}: {error.strerror}", ExitCode.COULD_NOT_RUN) from error


def _option(report: Report) -> click.Option:
    flag = f"--{report.name.replace('_', '-')}"
    if report.default_path is None:
        return click.Option([flag, report.name], is_flag=True, help="To standard output.")
    return click.Option(
        [flag, report.name],
        type=click.Path(path_type=Path),
        metavar="PATH",
        help="To a file; - is standard output.",
    )


command.params += [_option(report) for report in FORMATS.values()]
