"""Why a comparison could not be made: never a verdict over anybody's performance."""

from __future__ import annotations

__all__ = ["CouldNotRun", "Terminated", "WrongUse"]


class CouldNotRun(Exception):  # noqa: N818 - it reads as what happened
    """One sentence; nothing can be said about time."""


class WrongUse(Exception):  # noqa: N818
    """One sentence about what was asked for."""


class Terminated(BaseException):
    """A signal asks to end; like ``KeyboardInterrupt``, nobody swallows it."""
