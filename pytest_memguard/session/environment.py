"""Where this run takes place."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from pytest_memguard.model import Environment

__all__ = ["describe_environment"]

_PACKAGES = (
    "numpy", "scipy", "numba", "h5py", "pandas", "torch", "cupy-cuda12x", "cupy-cuda13x", "jax", "pytest",
    "pytest-memguard",
)  # fmt: skip


def describe_environment(rootdir: Path) -> Environment:
    """The machine, the interpreter, the commit and the packages that decide over bytes and seconds."""
    return Environment(
        machine_class=_machine_class(),
        python=platform.python_version(),
        platform=platform.platform(),
        commit=_commit(rootdir),
        packages=dict(_versions()),
    )


def _machine_class() -> str:
    """Architecture, processor, cores and C library: what must agree for two timings to be compared."""
    libc = " ".join(platform.libc_ver()).strip() or sys.platform
    return f"{platform.machine()} {_processor()}, {os.cpu_count()} cores, {libc}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    names = (line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "CPU part")))
    return next(names, "") or platform.processor() or "unknown processor"


def _commit(rootdir: Path) -> str | None:
    command = ("git", "-C", str(rootdir), "rev-parse", "HEAD")
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
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
