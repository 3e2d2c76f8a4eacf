"""Where this run takes place."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib import metadata
from typing import TYPE_CHECKING

from pytest_memguard.model import Environment
from pytest_memguard.timing.git import without_repository
from pytest_memguard.timing.machine import describe_machine

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["describe_environment"]

_PACKAGES = (
    "numpy", "scipy", "numba", "h5py", "pandas", "torch", "cupy-cuda12x", "cupy-cuda13x", "jax", "pytest",
    "pytest-memguard",
)  # fmt: skip


def describe_environment(rootdir: Path) -> Environment:
    """The machine, the interpreter, the commit and the packages that decide over bytes and seconds."""
    return Environment(
        machine_class=str(describe_machine()),
        python=platform.python_version(),
        platform=platform.platform(),
        commit=_commit(rootdir),
        packages=dict(_versions()),
    )


def _commit(rootdir: Path) -> str | None:
    command = ("git", "-C", str(rootdir), "rev-parse", "HEAD")
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
            env=without_repository(os.environ),
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None


def _versions() -> list[tuple[str, str]]:
    found = []
    for name in _PACKAGES:
        try:
            found.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue
    return found
