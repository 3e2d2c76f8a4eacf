"""From options to an exit status, on behalf of every command that compares two commits."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pytest_memguard.cli.ab import reports
from pytest_memguard.cli.ab.accepted import accepted_since
from pytest_memguard.cli.ab.progress import watching
from pytest_memguard.cli.ab.table import print_result
from pytest_memguard.cli.exit_codes import ExitCode, Failure
from pytest_memguard.cli.files import write
from pytest_memguard.model.timing import TimingVerdict
from pytest_memguard.timing.compare import compare
from pytest_memguard.timing.errors import CouldNotRun, Terminated, WrongUse
from pytest_memguard.timing.git import Repository

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_memguard.model.timing import DuetRun
    from pytest_memguard.timing.settings import DuetSettings

__all__ = ["commit_of", "exit_code", "repository_here", "run"]


def repository_here() -> Repository:
    try:
        return Repository.around(Path.cwd())
    except WrongUse as error:
        raise Failure(str(error), ExitCode.WRONG_USE) from error


def commit_of(repository: Repository, name: str) -> str:
    try:
        return repository.commit(name)
    except WrongUse as error:
        raise Failure(str(error), ExitCode.WRONG_USE) from error


def run(
    repository: Repository,
    base: str,
    arguments: Sequence[str],
    *,
    settings: DuetSettings,
    outputs: Mapping[str, Any],
    baselines: Path,
) -> int:
    """Compare, show, write the reports that were asked for, and say how it went.

    ``baselines`` is the folder whose ``timing.json`` says which slow-downs were meant.
    """
    settings = replace(settings, accepted=accepted_since(repository, base, baselines))
    is_github = outputs["github"]
    if is_github is None:
        is_github = os.environ.get("GITHUB_ACTIONS") == "true"
    try:
        with watching(repository.top, base, settings) as watch:
            found = compare(
                repository,
                base=base,
                arguments=arguments,
                below=Path.cwd().resolve().relative_to(repository.top),
                settings=settings,
                watch=watch,
            )
    except WrongUse as error:
        raise Failure(str(error), ExitCode.WRONG_USE) from error
    except CouldNotRun as error:
        if is_github:
            click.echo(reports.could_not_run_annotation(str(error)))
        raise Failure(
            f"could not run, which is no verdict on performance: {error}", ExitCode.COULD_NOT_RUN
        ) from error
    except Terminated as signal:
        raise Failure(f"ended by {signal}", ExitCode.COULD_NOT_RUN) from signal
    print_result(found)
    _write(found, repository.top, outputs)
    if is_github:
        sys.stdout.write(reports.github_annotations(found, repository.top))
        reports.add_job_summary(found)
    return exit_code(found, is_strict=outputs["strict"])


def _write(found: DuetRun, top: Path, outputs: Mapping[str, Any]) -> None:
    for name, render in (
        ("json_path", reports.as_json),
        ("markdown_path", reports.as_markdown),
        ("junit_path", reports.as_junit),
    ):
        if outputs[name] is not None:
            write(outputs[name], render(found, top))


def exit_code(found: DuetRun, *, is_strict: bool) -> ExitCode:
    """A regression comes first: it is true whatever else could not run."""
    verdicts = {each.verdict for each in found.benchmarks}
    if TimingVerdict.REGRESSED in verdicts:
        return ExitCode.REGRESSION
    if TimingVerdict.COULD_NOT_RUN in verdicts:
        return ExitCode.COULD_NOT_RUN
    if TimingVerdict.INCONCLUSIVE in verdicts and is_strict:
        return ExitCode.INCONCLUSIVE
    return ExitCode.IN_ORDER
