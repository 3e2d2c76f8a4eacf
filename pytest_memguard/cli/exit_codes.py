"""What the command's exit status says, and the error that carries one."""

from __future__ import annotations

from enum import IntEnum

import click

__all__ = ["ExitCode", "Failure"]


class ExitCode(IntEnum):
    IN_ORDER = 0
    REGRESSION = 1
    WRONG_USE = 2  # also input that cannot be read
    INCONCLUSIVE = 3  # under --strict alone
    COULD_NOT_RUN = 4


class Failure(click.ClickException):
    """One sentence for standard error, and the exit status."""

    def __init__(self, sentence: str, exit_code: ExitCode) -> None:
        super().__init__(sentence)
        self.status = exit_code
