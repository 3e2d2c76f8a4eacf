"""A file of committed numbers in the folder of baselines, whatever the numbers are of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_memguard.store.atomic import remove_leftovers, write_atomically
from pytest_memguard.store.diff import Diff, compare_entries
from pytest_memguard.store.entries import Entries, Number, format_entries, parse_entries
from pytest_memguard.store.errors import StoreError, in_words
from pytest_memguard.store.lock import locked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from pytest_memguard.store.next_baselines import Numbers

__all__ = ["Baselines", "EntriesFile"]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class EntriesFile:
    """One such file: its name, how new numbers join the old ones, and how finely its lines are cut."""

    name: str
    merged: Callable[[Entries, Numbers, Iterable[str]], Entries]
    is_line_per_probe: bool = False

    def load(self, directory: Path) -> Baselines:
        """Read a folder's baselines; where there is no file there are none.

        Raises
        ------
        StoreError
            When the file cannot be read or is not what :meth:`update` writes.
        """
        path = directory / self.name
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
        self,
        directory: Path,
        changed: Numbers,
        removed: Iterable[str] = (),
        *,
        lock_timeout_seconds: float = 30.0,
    ) -> Diff:
        """Replace the entries of the tests that ran, drop those removed, keep all others; return what changed.

        A number that is ``None`` was asked for and could not be measured here: the committed one stays. The file
        is read again under the folder's lock, so that of several writers none loses what another wrote. A file
        that would not change is not touched.

        Raises
        ------
        StoreError
            When the folder cannot be locked, the file cannot be read or written, or a number is no baseline.
            The old file is then as it was.
        """
        removed = tuple(removed)
        if not self.preview(directory, changed, removed):
            return Diff()
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot make {directory}: {in_words(error)}") from error
        with locked(directory, timeout_seconds=lock_timeout_seconds):
            old = self.load(directory).entries
            new = self.merged(old, changed, removed)
            diff = compare_entries(old, new)
            if diff:
                path = directory / self.name
                remove_leftovers(path)
                text = format_entries(new, is_line_per_probe=self.is_line_per_probe)
                write_atomically(path, text.encode())
        return diff

    def preview(self, directory: Path, changed: Numbers, removed: Iterable[str] = ()) -> Diff:
        """What :meth:`update` would change now."""
        old = self.load(directory).entries
        return compare_entries(old, self.merged(old, changed, removed))
