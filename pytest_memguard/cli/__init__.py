"""The ``memguard`` command: one file per subcommand."""

from __future__ import annotations

from pytest_memguard.cli.group import main

__all__ = ["main"]
