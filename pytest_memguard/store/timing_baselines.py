"""Committed times: ``timing.json`` in the folder of baselines."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_memguard.model.timing_baseline import TimingBaselines
from pytest_memguard.store.atomic import remove_leftovers, write_atomically
from pytest_memguard.store.errors import StoreError, in_words
from pytest_memguard.store.lock import locked
from pytest_memguard.units import format_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from pytest_memguard.model.timing_baseline import Acceptance, MachineClass, Reference, TimingEntry

__all__ = ["FILE_NAME", "Measured", "accept", "changed_lines", "load", "parse", "remove", "update"]

FILE_NAME = "timing.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one machine has to say: entries by node id, and what they are of."""

    machine: MachineClass
    reference: Reference
    entries: Mapping[str, TimingEntry]
    settings: Mapping[str, float]


def load(directory: Path) -> TimingBaselines:
    """Read a folder's committed times; where there is no file there are none.

    Raises
    ------
    StoreError
        When the file cannot be read or is not what :func:`update` writes.
    """
    path = directory / FILE_NAME
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        return TimingBaselines()
    except OSError as error:
        raise StoreError(f"cannot read {path}: {in_words(error)}") from error
    except UnicodeDecodeError as error:
        raise StoreError(f"{path} is not UTF-8: byte {error.object[error.start]:#04x}") from error
    return parse(text, str(path))


def parse(text: str, name: str) -> TimingBaselines:
    """The content of such a file; ``name`` is what an error calls it.

    Raises
    ------
    StoreError
        When it is not what :func:`update` writes.
    """
    from pytest_memguard.store.timing_entries import parse_timing  # noqa: PLC0415 - msgspec, for those with times

    return parse_timing(text, name)


def update(directory: Path, measured: Measured) -> tuple[TimingBaselines, TimingBaselines]:
    """Replace the entries of one class of machine that were measured, and return the old and the new whole."""
    return _change(directory, lambda old: merged(old, measured))


def accept(directory: Path, nodeid: str, acceptance: Acceptance) -> tuple[TimingBaselines, TimingBaselines]:
    """Note a slow-down that was meant; one noted before is replaced.

    Raises
    ------
    StoreError
        Also when there is no committed time to be slower than.
    """

    def noted(old: TimingBaselines) -> TimingBaselines:
        if not any(nodeid in entries for entries in old.benchmarks.values()):
            raise StoreError(
                f"{directory / FILE_NAME} has no time of {nodeid}: there is nothing to be slower than"
            )
        return replace(old, accepted={**old.accepted, nodeid: acceptance})

    return _change(directory, noted)


def remove(directory: Path, nodeids: Iterable[str]) -> tuple[TimingBaselines, TimingBaselines]:
    """Drop all that is known of some benchmarks."""
    gone = set(nodeids)
    return _change(directory, lambda old: _without(old, gone))


def merged(old: TimingBaselines, measured: Measured) -> TimingBaselines:
    """The next content. The reference moves once every entry of the class has been measured at it."""
    name = measured.machine.name
    entries = {**old.benchmarks.get(name, {}), **measured.entries}
    benchmarks = {**old.benchmarks, name: entries}
    is_whole = all(entry.commit == measured.reference.commit for entry in entries.values())
    return TimingBaselines(
        reference=measured.reference if is_whole or not old.benchmarks else old.reference,
        settings=dict(measured.settings),
        # What was measured since contains the slow-down; classes that were not still need to be told.
        accepted={
            nodeid: acceptance
            for nodeid, acceptance in old.accepted.items()
            if nodeid not in measured.entries
            or any(nodeid in of and of[nodeid].date <= acceptance.date for of in benchmarks.values())
        },
        machines={**old.machines, name: measured.machine},
        benchmarks=benchmarks,
    )


def changed_lines(old: TimingBaselines, new: TimingBaselines) -> list[str]:
    """A line for every number that is new, gone or another one."""
    lines = []
    for machine in sorted(old.benchmarks.keys() | new.benchmarks.keys()):
        was, now = old.benchmarks.get(machine, {}), new.benchmarks.get(machine, {})
        lines += [
            f"{nodeid} time seconds {_change_text(was.get(nodeid), now.get(nodeid))}"
            for nodeid in sorted(was.keys() | now.keys())
            if was.get(nodeid) != now.get(nodeid)
        ]
    return lines


def _change_text(old: TimingEntry | None, new: TimingEntry | None) -> str:
    if new is None:
        assert old is not None
        return f"removed (was {format_seconds(old.seconds)})"
    text = f"new {format_seconds(new.seconds)}"
    if old is not None:
        growth = f"{(new.seconds / old.seconds - 1) * 100:+.1f} %"
        text = f"{format_seconds(old.seconds)} -> {format_seconds(new.seconds)} ({growth})"
    return text + (", provisional: one process" if new.is_provisional else f", band {new.band:.1%}")


def _without(old: TimingBaselines, gone: set[str]) -> TimingBaselines:
    benchmarks = {
        machine: kept
        for machine, entries in old.benchmarks.items()
        if (kept := {nodeid: entry for nodeid, entry in entries.items() if nodeid not in gone})
    }
    return replace(
        old,
        benchmarks=benchmarks,
        accepted={nodeid: each for nodeid, each in old.accepted.items() if nodeid not in gone},
        machines={name: machine for name, machine in old.machines.items() if name in benchmarks},
    )


def _change(
    directory: Path, change: Callable[[TimingBaselines], TimingBaselines]
) -> tuple[TimingBaselines, TimingBaselines]:
    """Under the folder's lock, so that of several writers none loses what another wrote."""
    from pytest_memguard.store.timing_entries import format_timing  # noqa: PLC0415

    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot make {directory}: {in_words(error)}") from error
    with locked(directory):
        old = load(directory)
        new = change(old)
        text = format_timing(new)
        if text != format_timing(old):
            path = directory / FILE_NAME
            remove_leftovers(path)
            write_atomically(path, text.encode())
    return old, new
