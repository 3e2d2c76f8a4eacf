"""Slow-downs that were meant, in what head has committed and base has not."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from pytest_memguard.cli.files import reading
from pytest_memguard.timing.errors import CouldNotRun

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_memguard.model.timing_baseline import Acceptance
    from pytest_memguard.timing.git import Repository

__all__ = ["accepted_since"]


def accepted_since(repository: Repository, base: str, directory: Path) -> dict[str, Acceptance]:
    """By node id, from the folder of baselines: what has not expired, and what base had not accepted before.

    A slow-down that base had accepted is in base's own time.
    """
    from pytest_memguard.store import timing_baselines  # noqa: PLC0415 - msgspec, for those with times

    with reading():
        now = timing_baselines.load(directory).accepted
        if not now:
            return {}
        path = (directory / timing_baselines.FILE_NAME).resolve()
        before: dict[str, Acceptance] = {}
        if path.is_relative_to(repository.top):
            name = f"{base}:{path.relative_to(repository.top).as_posix()}"
            try:
                text = repository.ask("show", name)
            except CouldNotRun:
                pass  # base has committed none
            else:
                before = timing_baselines.parse(text, name).accepted
    today = datetime.now(timezone.utc).date().isoformat()
    return {
        nodeid: acceptance
        for nodeid, acceptance in now.items()
        if acceptance != before.get(nodeid) and not acceptance.has_expired(today)
    }
