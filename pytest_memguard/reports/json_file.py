"""The run file: what every ``memguard`` command reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_memguard.model.encoding import encode_run

if TYPE_CHECKING:
    from pytest_memguard.model import Run

__all__ = ["render"]


def render(run: Run) -> str:
    return encode_run(run).decode()
