"""The entrance: finds subcommands by name, and turns what goes wrong into a sentence and an exit status."""

from __future__ import annotations

import os
import sys
import traceback
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from pytest_memguard import __version__
from pytest_memguard.cli.exit_codes import ExitCode, Failure
from pytest_memguard.timing.errors import Terminated

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LazyGroup", "main"]

_COMMANDS = (
    "doctor",
    "compare",
    "ab",
    "drift",
    "merge",
    "report",
    "baseline",
    "profile",
    "history",
    "bisect",
)


class LazyGroup(click.Group):
    """Subcommands are the ``command`` of a module of their name, imported when called for."""

    def __init__(self, *, package: str, names: Sequence[str], **attributes: Any) -> None:
        super().__init__(invoke_without_command=True, callback=_help_alone, **attributes)
        self._package = package
        self._names = names

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self._names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in self._names:
            return None
        command: click.Command = import_module(f"{self._package}.{cmd_name}").command
        return command


@click.pass_context
def _help_alone(ctx: click.Context) -> None:
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
        ctx.exit(ExitCode.WRONG_USE)


class _Main(LazyGroup):
    """The outermost group: nothing but an exit status leaves it."""

    def main(self, *arguments: Any, **extra: Any) -> Any:
        for stream in (sys.stdout, sys.stderr):
            # A test's name that the terminal cannot show is no reason to stop.
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        try:
            code = super().main(*arguments, **{**extra, "standalone_mode": False})
        except click.UsageError as error:
            code = _complain(_usage_sentence(error), ExitCode.WRONG_USE)
        except Failure as error:
            code = _complain(error.format_message(), error.status)
        except click.ClickException as error:  # click's own are about files named on the command line
            code = _complain(error.format_message(), ExitCode.WRONG_USE)
        except Terminated as signal:
            code = _complain(f"ended by {signal}", ExitCode.COULD_NOT_RUN)
        except click.Abort:
            code = _complain("interrupted", ExitCode.COULD_NOT_RUN)
        except Exception:  # noqa: BLE001 - the interpreter's own status for a bug, 1, says regression
            traceback.print_exc()
            code = _complain("this is a bug of pytest-memguard", ExitCode.COULD_NOT_RUN)
        sys.exit(code if isinstance(code, int) else ExitCode.IN_ORDER)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except OSError as error:  # of standard output: commands tell those of files themselves
            # Nothing more can be written, not even by the interpreter's last flush.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if isinstance(error, BrokenPipeError):  # the reader has seen enough
                return ExitCode.COULD_NOT_RUN
            raise Failure(f"cannot write: {error.strerror or error}", ExitCode.COULD_NOT_RUN) from error
        return result


def _usage_sentence(error: click.UsageError) -> str:
    sentence = " ".join(error.format_message().split()).rstrip(".")
    path = error.ctx.command_path if error.ctx else "memguard"
    return f"{sentence[:1].lower()}{sentence[1:]}; see {path} --help"


def _complain(sentence: str, code: int) -> int:
    click.echo(f"memguard: {sentence}", err=True)
    return code


main = _Main(
    package="pytest_memguard.cli",
    names=_COMMANDS,
    name="memguard",
    help="Compare, merge and render what runs of pytest --memguard found, and keep their baselines.\n\n"
    "Exit status: 0 in order, 1 regression, 2 wrong use, 3 inconclusive under --strict, 4 could not run.",
)
click.version_option(__version__, prog_name="memguard")(main)
