"""Starting the two processes of a pair, alike in everything but the tree they work in."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_memguard.timing.git import without_repository
from pytest_memguard.timing.packages import import_roots

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Entry", "Launch", "available_cpus", "start", "unsupported"]

_WORKER = "memguard_duet_worker"
_THREADS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What all processes of a comparison have in common."""

    checkout: Path  # where the trees were taken from, hidden from the processes
    below: Path  # the folder within a tree to start pytest in
    plugin: Path  # holds the copy of the worker
    scratch: Path  # temporary files of the tests
    arguments: tuple[str, ...]  # pytest's
    threads: int

    def prepare(self) -> None:
        """Copy the worker out of this package: a tree may hold a pytest-memguard of its own."""
        shutil.copytree(
            Path(__file__).with_name("worker"),
            self.plugin / _WORKER,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        self.scratch.mkdir()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one process has of its own."""

    log: Path  # its terminal
    hash_seed: int = 0
    cpus: tuple[int, ...] = ()  # to start on; all where there are none
    files: tuple[str, ...] = ()  # to collect, instead of what the arguments name
    tool: tuple[str, ...] = ()  # what runs the interpreter, instead of the system


def unsupported() -> str | None:
    """Why no comparison can be made on this system, or ``None``."""
    if os.name != "posix":
        return (
            f"comparing two commits needs pipes that a process inherits, which {sys.platform} does not have"
        )
    if importlib.util.find_spec("pytest_benchmark") is None:
        return "pytest-benchmark is not installed here"
    return None


def start(launch: Launch, tree: Path, entry: Entry, *, fds: tuple[int, int]) -> subprocess.Popen[bytes]:
    """A pytest in ``tree`` that hears and tells through ``fds``."""
    checkout = str(launch.checkout)
    given = {
        "read": fds[0],
        "write": fds[1],
        "hide": checkout,
        "files": [str(tree / name) for name in entry.files],
    }
    arguments = [
        str(tree) + argument[len(checkout) :] if _is_inside(argument, checkout) else argument
        for argument in launch.arguments
    ]
    command = [
        *entry.tool, sys.executable, "-m", "pytest", "-p", f"{_WORKER}.plugin", "--memguard-duet", json.dumps(given),
        f"--rootdir={tree}", *_switches(arguments), *arguments,
    ]  # fmt: skip
    with _pinned_to(entry.cpus), entry.log.open("wb") as output:
        return subprocess.Popen(
            command,
            cwd=tree / launch.below,
            env=_environment(launch, tree, entry.hash_seed),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=fds,
            start_new_session=True,  # Ctrl-C is the driver's to handle, and all children end with it
        )


def _is_inside(argument: str, folder: str) -> bool:
    return argument == folder or argument.startswith(folder + os.sep)


def _switches(arguments: Sequence[str]) -> Iterator[str]:
    """Coverage begins before a plugin can keep it from it."""
    has_coverage = importlib.util.find_spec("pytest_cov") is not None
    if has_coverage and not any("no:" in argument and "cov" in argument for argument in arguments):
        yield "--no-cov"


def _environment(launch: Launch, tree: Path, hash_seed: int) -> dict[str, str]:
    checkout = str(launch.checkout)
    inherited = [
        str(tree) + entry[len(checkout) :] if _is_inside(entry, checkout) else entry
        for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep)
        if entry
    ]
    path = [*map(str, import_roots(tree)), *inherited, str(launch.plugin)]
    return {
        **without_repository(os.environ),
        **dict.fromkeys(_THREADS, str(launch.threads)),
        "PYTHONPATH": os.pathsep.join(path),
        "TMPDIR": str(launch.scratch),
        "PYTHONHASHSEED": str(hash_seed),
    }


def available_cpus() -> list[int]:
    """Cores that this process may pin others to; none where it cannot."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []


@contextlib.contextmanager
def _pinned_to(cpus: Sequence[int]) -> Iterator[None]:
    """Processes started meanwhile inherit the cores, before any library counts them."""
    if not cpus:
        yield
        return
    before = os.sched_getaffinity(0)
    with contextlib.suppress(OSError):
        os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
