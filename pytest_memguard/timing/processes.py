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
from pytest_memguard.timing.layout import at_fixed_addresses, moved_by
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

    checkouts: tuple[
        Path, ...
    ]  # where the trees were taken from, and others of the repository: not to be imported from
    below: Path  # the folder within a tree to start pytest in
    rootdir: Path | None = (
        None  # pytest's, within a tree or absolute; found by pytest itself where it is None
    )
    plugin: Path  # holds the copy of the worker
    scratch: Path  # temporary files of the tests
    arguments: tuple[str, ...]  # pytest's
    threads: int

    @property
    def projects(self) -> tuple[Path, ...]:
        """Folders within a tree that packages lie in, foremost first."""
        inside = [self.rootdir] if self.rootdir is not None and not self.rootdir.is_absolute() else []
        return tuple(dict.fromkeys((*inside, self.below, Path())))

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
    # Outside of its rootdir pytest names tests by the arguments that led to them: then these may not change.
    is_narrow = not any(Path(name).is_absolute() for name in entry.files)
    given = {
        "read": fds[0],
        "write": fds[1],
        "tree": str(tree),
        "checkouts": list(map(str, launch.checkouts)),
        "files": [str(tree / name) for name in entry.files] if is_narrow else [],
    }
    arguments = [_moved(argument, launch.checkouts, tree) for argument in launch.arguments]
    rootdir = [] if launch.rootdir is None else [f"--rootdir={tree / launch.rootdir}"]
    command = [
        *entry.tool, sys.executable, "-m", "pytest", "-p", f"{_WORKER}.plugin", "--memguard-duet", json.dumps(given),
        *rootdir, *_switches(arguments), *arguments,
    ]  # fmt: skip
    with _pinned_to(entry.cpus), at_fixed_addresses(), entry.log.open("wb") as output:
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


def _moved(argument: str, checkouts: Sequence[Path], tree: Path) -> str:
    """A path in a checkout, an option's too, as that in the tree; anything else as it is."""
    option, equals, value = argument.partition("=")
    if option.startswith("-") and equals:
        return f"{option}={_moved(value, checkouts, tree)}"
    name, colons, rest = argument.partition("::")
    if Path(name).is_absolute():
        for path in (Path(name), Path(name).resolve()):
            if inside := [each for each in checkouts if path.is_relative_to(each)]:
                nearest = max(inside, key=lambda each: len(each.parts))  # one may lie in the other
                return f"{tree / path.relative_to(nearest)}{colons}{rest}"
    return argument


def _switches(arguments: Sequence[str]) -> Iterator[str]:
    """Coverage begins before a plugin can keep it from it."""
    has_coverage = importlib.util.find_spec("pytest_cov") is not None
    if has_coverage and not any("no:" in argument and "cov" in argument for argument in arguments):
        yield "--no-cov"


def _environment(launch: Launch, tree: Path, hash_seed: int) -> dict[str, str]:
    inherited = [
        _moved(entry, launch.checkouts, tree)
        for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep)
        if entry
    ]
    roots = [str(root) for project in launch.projects for root in import_roots(tree / project)]
    path = [*dict.fromkeys(roots), *inherited, str(launch.plugin)]
    return {
        **without_repository(os.environ),
        **dict.fromkeys(_THREADS, str(launch.threads)),
        "PYTHONPATH": os.pathsep.join(path),
        "TMPDIR": str(launch.scratch),
        "PYTHONHASHSEED": str(hash_seed),
        **moved_by(hash_seed),
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
