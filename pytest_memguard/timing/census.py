"""Which benchmarks a tree has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_memguard.model.timing import SideName
from pytest_memguard.timing.benchmark_files import is_brought_over
from pytest_memguard.timing.errors import CouldNotRun, WrongUse
from pytest_memguard.timing.link import Worker, WorkerGone
from pytest_memguard.timing.processes import Entry
from pytest_memguard.units import parse_percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_memguard.timing.processes import Launch

__all__ = ["Benchmark", "Census", "CollectionError", "broken", "take_census"]

_PATIENCE_SECONDS = 600.0
_USAGE_ERROR = 4  # pytest's own exit status; a conftest.py that fails ends in it too, without
_REFUSAL = "ERROR: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """A test with the ``benchmark`` fixture."""

    nodeid: str
    file: str  # in its tree; the whole path where it lies outside
    line: int  # 1-based
    regression: float | None = None  # the share by which its time_budget lets it be slower


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionError:
    """A file that pytest could not collect, and where that went wrong."""

    nodeid: str
    file: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    benchmarks: tuple[Benchmark, ...]
    errors: tuple[CollectionError, ...]
    rootdir: Path
    ini: Path | None
    origins: dict[str, str]  # of the repository's packages that were imported


def take_census(side: SideName, launch: Launch, tree: Path, *, log: Path, packages: Sequence[str]) -> Census:
    """Collect in ``tree`` and run nothing.

    Raises
    ------
    CouldNotRun
        When pytest does not get as far as that.
    WrongUse
        When pytest refuses its arguments, or a ``time_budget`` of head asks for no share.
    """
    try:
        with Worker(side, launch, tree, Entry(log=log)) as worker:
            found = worker.hear(_PATIENCE_SECONDS)
            worker.tell("run", packages=list(packages))
            worker.hear(_PATIENCE_SECONDS)
            worker.tell("finish")
            origins = worker.hear(_PATIENCE_SECONDS)["origins"]
    except WorkerGone as gone:
        if gone.status == _USAGE_ERROR and _REFUSAL in gone.reason and side is SideName.HEAD:
            raise WrongUse(f"pytest refuses: {gone.reason}") from gone
        how = (
            side.value if side is SideName.HEAD else "base, with the benchmark files and conftest.py of head"
        )
        raise CouldNotRun(f"pytest collects nothing on {how}: {gone.reason}") from gone
    return Census(
        benchmarks=tuple(_benchmark(**each, tree=tree) for each in found["items"]),
        errors=tuple(CollectionError(**each) for each in found["errors"]),
        rootdir=Path(found["rootdir"]),
        ini=Path(found["ini"]) if found["ini"] else None,
        origins=origins,
    )


def _benchmark(*, nodeid: str, file: str, line: int, regression: str | float | None, tree: Path) -> Benchmark:
    path = Path(file)
    file = path.relative_to(tree).as_posix() if path.is_relative_to(tree) else file
    try:
        share = None if regression is None else parse_percent(regression)
    except ValueError as error:
        raise WrongUse(f"{file}:{line}: time_budget: regression: {error}") from None
    return Benchmark(nodeid=nodeid, file=file, line=line, regression=share)


def broken(census: Census, tree: Path, places: frozenset[str]) -> CollectionError | None:
    """The error that lies in the code under test itself, not in a benchmark that asks for what is not there yet."""
    for error in census.errors:
        file = Path(error.file)
        if error.file and file.is_relative_to(tree) and error.kind != "AttributeError":
            name = file.relative_to(tree).as_posix()
            if not is_brought_over(name, places):
                return error
    return None
