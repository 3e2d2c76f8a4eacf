"""From options to an exit status, on behalf of every command that compares two commits."""

from __future__ import annotations

import contextlib
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
from pytest_memguard.timing.errors import CouldNotRun, WrongUse
from pytest_memguard.timing.git import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pytest_memguard.model.timing import DuetRun
    from pytest_memguard.timing.settings import DuetSettings

__all__ = ["commit_of", "exit_code", "fork_point", "repository_here", "run"]

_REPORTS: dict[str, Callable[[DuetRun, Path], bytes]] = {
    "json_path": reports.as_json,
    "markdown_path": reports.as_markdown,
    "junit_path": reports.as_junit,
}


def repository_here() -> Repository:
    with _failing():
        return Repository.around(Path.cwd())


def commit_of(repository: Repository, name: str) -> str:
    with _failing():
        return repository.commit(name)


def fork_point(repository: Repository, base: str) -> str:
    """The commit where ``HEAD`` left ``base``."""
    with _failing():
        return repository.fork_point(repository.commit(base), repository.commit("HEAD"))


@contextlib.contextmanager
def _failing() -> Iterator[None]:
    """What ends a comparison, as an exit status."""
    try:
        yield
    except WrongUse as error:
        raise Failure(str(error), ExitCode.WRONG_USE) from error
    except CouldNotRun as error:
        sentence = f"could not run, which is no verdict on performance: {error}"
        raise Failure(sentence, ExitCode.COULD_NOT_RUN) from error


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
    targets = [name for name in _REPORTS if str(outputs[name]) == "-"]
    if len(targets) > 1:
        raise click.UsageError(f"got - for {len(targets)} reports, accepted: standard output for one of them")
    settings = replace(settings, accepted=accepted_since(repository, base, baselines))
    is_github = outputs["github"]
    if is_github is None:
        is_github = os.environ.get("GITHUB_ACTIONS") == "true"
    # A report on standard output has it for itself: GitHub reads its annotations on either.
    with contextlib.redirect_stdout(sys.stderr) if targets else contextlib.nullcontext():
        with _failing(), _annotating(is_github=is_github), watching(repository.top, base, settings) as watch:
            found = compare(
                repository,
                base=base,
                arguments=arguments,
                below=Path.cwd().resolve().relative_to(repository.top),
                settings=settings,
                watch=watch,
            )
        print_result(found)
        if is_github:
            sys.stdout.write(reports.github_annotations(found, repository.top))
    for name, render in _REPORTS.items():
        if outputs[name] is not None:
            write(outputs[name], render(found, repository.top))
    if is_github:
        reports.add_job_summary(found)
    return exit_code(found, is_strict=outputs["strict"])


@contextlib.contextmanager
def _annotating(*, is_github: bool) -> Iterator[None]:
    try:
        yield
    except CouldNotRun as error:
        if is_github:
            click.echo(reports.could_not_run_annotation(str(error)))
        raise


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
