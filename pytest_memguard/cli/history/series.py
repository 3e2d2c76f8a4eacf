"""Numbers out of git's log and run files, each with its date."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import click

from pytest_memguard.cli.files import load_run
from pytest_memguard.model.history import Point, Series
from pytest_memguard.store import memory_baselines, timing_baselines
from pytest_memguard.store.diff import unit_of
from pytest_memguard.store.entries import parse_entries
from pytest_memguard.store.errors import StoreError
from pytest_memguard.store.timing_entries import parse_timing
from pytest_memguard.timing.errors import CouldNotRun, WrongUse
from pytest_memguard.timing.git import Repository

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["collect", "with_steps"]

_Key: TypeAlias = tuple[str, str, str, str, str]  # node id, probe, metric, unit, class of machine
_Number: TypeAlias = tuple[_Key, float]


def collect(directory: Path, runs: Sequence[Path]) -> list[Series]:
    """Every series, by the name of its test."""
    points: dict[_Key, list[Point]] = {}
    for commit, date, numbers in _committed(directory):
        for key, value in numbers:
            points.setdefault(key, []).append(Point(commit=commit, date=date, value=value))
    for path in runs:
        run = load_run(path)
        date = datetime.fromtimestamp(path.stat().st_mtime, timezone.utc).isoformat(timespec="seconds")
        for test in run.tests:
            for each in test.measurements:
                if each.value is None:
                    continue
                machine = run.environment.machine_class if each.unit == "s" else ""
                key = (test.nodeid, each.probe, each.metric, each.unit, machine)
                point = Point(
                    commit=run.environment.commit or "", date=date, value=each.value, source=path.name
                )
                points.setdefault(key, []).append(point)
    return [
        Series(
            nodeid=key[0], probe=key[1], metric=key[2], unit=key[3], machine=key[4], points=tuple(points[key])
        )
        for key in sorted(points)
    ]


def _committed(directory: Path) -> Iterator[tuple[str, str, list[_Number]]]:
    """Oldest first: commit, date and the numbers that stood in the baselines then."""
    try:
        repository = Repository.around(directory.resolve() if directory.is_dir() else Path.cwd())
        folder = directory.resolve().relative_to(repository.top).as_posix()
        log = repository.ask("log", "--reverse", "--first-parent", "--format=%H %cI", "--", folder)
    except (CouldNotRun, WrongUse, ValueError) as error:
        click.echo(f"memguard: no history of {directory} in git: {error}", err=True)
        return
    for line in log.splitlines():
        commit, _, date = line.partition(" ")
        yield (
            commit,
            date,
            [*_memory_numbers(repository, commit, folder), *_times(repository, commit, folder)],
        )


def _memory_numbers(repository: Repository, commit: str, folder: str) -> Iterator[_Number]:
    name = f"{commit[:12]}:{folder}/{memory_baselines.FILE_NAME}"
    try:
        entries = parse_entries(
            repository.ask("show", f"{commit}:{folder}/{memory_baselines.FILE_NAME}"), name
        )
    except CouldNotRun:  # not there yet, or no more
        return
    except StoreError as error:
        click.echo(f"memguard: left out: {error}", err=True)
        return
    for nodeid, probes in entries.items():
        for probe, metrics in probes.items():
            for metric, number in metrics.items():
                yield (nodeid, probe, metric, unit_of(metric, number), ""), number


def _times(repository: Repository, commit: str, folder: str) -> Iterator[_Number]:
    name = f"{commit[:12]}:{folder}/{timing_baselines.FILE_NAME}"
    try:
        baselines = parse_timing(
            repository.ask("show", f"{commit}:{folder}/{timing_baselines.FILE_NAME}"), name
        )
    except CouldNotRun:
        return
    except StoreError as error:
        click.echo(f"memguard: left out: {error}", err=True)
        return
    for machine, entries in baselines.benchmarks.items():
        for nodeid, entry in entries.items():
            yield (nodeid, "time", "seconds", entry.unit, machine), entry.seconds


def with_steps(history: Sequence[Series]) -> list[Series]:
    """Each series with the positions at which it takes a step, where the library for it is installed."""
    from pytest_memguard.stats.change_points import change_points  # noqa: PLC0415

    try:
        return [
            replace(
                series,
                steps=change_points([point.value for point in series.points], is_exact=series.unit != "s"),
            )
            for series in history
        ]
    except ImportError:
        hint = "pip install 'pytest-memguard[history]' finds where they took a step"
        click.echo(f"memguard: numbers without change points: {hint}", err=True)
        return list(history)
