"""Committed memory numbers: ``memory.json`` in the folder of baselines."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from pytest_memguard.model import METRICS
from pytest_memguard.store.atomic import remove_leftovers, write_atomically
from pytest_memguard.store.diff import Diff, compare_entries
from pytest_memguard.store.entries import Entries, Entry, Number, format_entries, parse_entries
from pytest_memguard.store.errors import StoreError, in_words
from pytest_memguard.store.lock import locked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["FILE_NAME", "Baselines", "load", "update"]

FILE_NAME = "memory.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Baselines:
    """Committed numbers by test, probe and metric."""

    entries: Entries = field(default_factory=dict)

    def get(self, nodeid: str, probe: str, metric: str) -> Number | None:
        return self.entries.get(nodeid, {}).get(probe, {}).get(metric)

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)


def load(directory: Path) -> Baselines:
    """Read a folder's baselines; where there is no file there are none.

    Raises
    ------
    StoreError
        When the file cannot be read or is not what :func:`update` writes.
    """
    path = directory / FILE_NAME
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        return Baselines()
    except OSError as error:
        raise StoreError(f"cannot read {path}: {in_words(error)}") from error
    except UnicodeDecodeError as error:
        raise StoreError(f"{path} is not UTF-8: byte {error.object[error.start]:#04x}") from error
    return Baselines(entries=parse_entries(text, str(path)))


def update(
    directory: Path, changed: Entries, removed: Iterable[str] = (), *, lock_timeout_seconds: float = 30.0
) -> Diff:
    """Replace the entries of the tests that ran, drop those removed, keep all others; return what changed.

    The file is read again under the folder's lock, so that of several writers none loses what another wrote.
    A file that would not change is not touched.

    Raises
    ------
    StoreError
        When the folder cannot be locked, the file cannot be read or written, or a number is no baseline.
        The old file is then as it was.
    """
    rounded = {nodeid: _rounded(nodeid, entry) for nodeid, entry in changed.items()}
    gone = set(removed) - rounded.keys()
    if not rounded and not gone:
        return Diff()
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot make {directory}: {in_words(error)}") from error
    with locked(directory, timeout_seconds=lock_timeout_seconds):
        old = load(directory).entries
        kept = {nodeid: entry for nodeid, entry in old.items() if nodeid not in gone}
        new = {nodeid: entry for nodeid, entry in {**kept, **rounded}.items() if entry}
        diff = compare_entries(old, new)
        if diff:
            path = directory / FILE_NAME
            remove_leftovers(path)
            write_atomically(path, format_entries(new).encode())
    return diff


def _rounded(nodeid: str, entry: Entry) -> Entry:
    return {
        probe: {
            metric: _number(f"{nodeid} {probe} {metric}", metric, number)
            for metric, number in metrics.items()
        }
        for probe, metrics in entry.items()
        if metrics
    }


def _number(name: str, metric: str, number: Any) -> Number:  # numpy's numbers register as Real and Integral
    if type(number) is bool or not isinstance(number, Real) or not math.isfinite(number):
        raise StoreError(f"{name}: got {number!r}, accepted: a number >= 0")
    if metric == "leak":
        number = max(number, 0)  # a test that released more than it took leaks nothing
    if number < 0:
        raise StoreError(f"{name}: got {number!r}, accepted: a number >= 0")
    known = METRICS.get(metric)
    if isinstance(number, Integral) or (known and known.unit != "ratio"):
        whole: int = math.ceil(number)
        return whole
    return float(f"{number:.4g}")  # more digits would only differ from run to run
