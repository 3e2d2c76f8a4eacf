"""Reading and writing on behalf of commands: an error of the store becomes an exit status."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pytest_memguard.cli.exit_codes import ExitCode, Failure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_memguard.model import Run

__all__ = ["baselines_option", "load_run", "reading", "write", "writing"]

baselines_option = click.option(
    "--baselines",
    "directory",
    type=click.Path(path_type=Path),
    default="baselines",
    show_default=True,
    metavar="DIR",
    help="Folder of the committed numbers.",
)


def load_run(path: Path) -> Run:
    from pytest_memguard.store import run_file  # noqa: PLC0415 - msgspec

    with reading():
        return run_file.load(path)


def write(path: Path, content: bytes) -> None:
    """Replace a file, or write to standard output where the path is ``-``."""
    from pytest_memguard.store.atomic import write_atomically  # noqa: PLC0415

    if str(path) == "-":
        click.echo(content, nl=False)
        return
    with writing():
        write_atomically(path, content)


@contextlib.contextmanager
def reading() -> Iterator[None]:
    with _failing_with(ExitCode.WRONG_USE):
        yield


@contextlib.contextmanager
def writing() -> Iterator[None]:
    with _failing_with(ExitCode.COULD_NOT_RUN):
        yield


@contextlib.contextmanager
def _failing_with(exit_code: ExitCode) -> Iterator[None]:
    from pytest_memguard.store.errors import StoreError  # noqa: PLC0415

    try:
        yield
    except StoreError as error:
        raise Failure(str(error), exit_code) from error
