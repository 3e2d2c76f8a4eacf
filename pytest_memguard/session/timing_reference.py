"""What numbers measured now are of: the commit, the packages, the machine."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import datetime, timezone
from importlib import metadata
from time import perf_counter
from typing import TYPE_CHECKING

from pytest_memguard.model.timing_baseline import MachineClass, Reference
from pytest_memguard.timing.errors import CouldNotRun, WrongUse
from pytest_memguard.timing.git import Repository
from pytest_memguard.timing.machine import describe_machine
from pytest_memguard.timing.worker.controls import CONTROLS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["calibration_scores", "describe_class", "describe_reference", "machine_name", "now", "uncommitted"]

_ROUNDS = 200


def now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def machine_name() -> str:
    return str(describe_machine())


def describe_class(scores: dict[str, float] | None = None) -> MachineClass:
    """The class of this machine; its kernels are timed unless that has been done."""
    return MachineClass(
        name=machine_name(),
        facts={name: value for name, value in asdict(describe_machine()).items() if value},
        scores=scores or calibration_scores(),
    )


def calibration_scores() -> dict[str, float]:
    """Seconds per call of every kernel that knows nothing of the code under test: a fingerprint, and no gate."""
    return {name: min(_seconds(kernel) for _ in range(_ROUNDS)) for name, kernel in CONTROLS.items()}


def _seconds(kernel: Callable[[], object]) -> float:
    start = perf_counter()
    kernel()
    return perf_counter() - start


def describe_reference(rootdir: Path, baselines: Path) -> Reference:
    """The commit that is checked out, if any, and the packages installed."""
    try:
        repository = Repository.around(rootdir)
        commit, is_clean = repository.commit("HEAD"), not uncommitted(repository, baselines)
    except (CouldNotRun, WrongUse):
        commit, is_clean = None, False
    return Reference(commit=commit, date=now(), lock=_lock(), clean=is_clean)


def uncommitted(repository: Repository, baselines: Path) -> list[str]:
    """Files that make the code differ from the commit; the baselines are what an update is there to change."""
    tracked = repository.ask("diff", "--name-only", "--no-renames", "-z", "HEAD").split("\0")
    added = repository.ask("ls-files", "--others", "--exclude-standard", "-z").split("\0")
    names = [*tracked, *(name for name in added if name.endswith(".py"))]
    folder = baselines.resolve()
    return [name for name in names if name and not (repository.top / name).resolve().is_relative_to(folder)]


def _lock() -> str:
    """A hash over the versions of all packages that are installed."""
    found = {f"{each.name}=={each.version}".lower() for each in metadata.distributions() if each.name}
    return hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest()[:16]
