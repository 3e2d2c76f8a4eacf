"""``memguard baseline``: look after the committed numbers."""

from __future__ import annotations

from pytest_memguard.cli.group import LazyGroup

__all__ = ["command"]

command = LazyGroup(
    package=__name__,
    names=("show", "update", "accept", "prune"),
    name="baseline",
    help="Look after the committed numbers.",
)
