"""What an update changed in the baselines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_memguard.model import METRICS
from pytest_memguard.units import format_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_memguard.store.entries import Entries, Number

__all__ = ["Change", "Diff", "compare_entries", "unit_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One number: ``old`` is ``None`` where it is new, ``new`` where it was removed."""

    nodeid: str
    probe: str
    metric: str
    old: Number | None
    new: Number | None

    def __str__(self) -> str:
        unit = unit_of(self.metric, self.old if self.new is None else self.new)
        name = f"{self.nodeid} {self.probe} {self.metric}"
        if self.old is None:
            return f"{name} new {format_value(self.new, unit)}"
        if self.new is None:
            return f"{name} removed (was {format_value(self.old, unit)})"
        return f"{name} {format_value(self.old, unit)} -> {format_value(self.new, unit)}{self._growth(unit)}"

    def _growth(self, unit: str) -> str:
        assert self.old is not None
        assert self.new is not None
        if format_value(self.old, unit) == format_value(self.new, unit) and unit in ("B", "count"):
            return f" ({self.new - self.old:+,d} {'B' if unit == 'B' else ''}".rstrip() + ")"
        return f" ({self.new / self.old - 1:+.1%})".replace("%", " %") if self.old else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """Numbers that were added, changed and removed, each in the order of the file."""

    added: tuple[Change, ...] = ()
    changed: tuple[Change, ...] = ()
    removed: tuple[Change, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    def lines(self) -> Iterator[str]:
        """One line per number, tests in the order of the file."""
        for change in sorted((*self.added, *self.changed, *self.removed), key=_place):
            yield str(change)


def compare_entries(old: Entries, new: Entries) -> Diff:
    """What has to change in ``old`` for it to become ``new``."""
    was, now = _flat(old), _flat(new)
    changes = [
        Change(nodeid=place[0], probe=place[1], metric=place[2], old=was.get(place), new=now.get(place))
        for place in sorted(was.keys() | now.keys())
        if was.get(place) != now.get(place)
    ]
    return Diff(
        added=tuple(change for change in changes if change.old is None),
        changed=tuple(change for change in changes if change.old is not None and change.new is not None),
        removed=tuple(change for change in changes if change.new is None),
    )


def _flat(entries: Entries) -> dict[tuple[str, str, str], Number]:
    return {
        (nodeid, probe, metric): number
        for nodeid, entry in entries.items()
        for probe, metrics in entry.items()
        for metric, number in metrics.items()
    }


def _place(change: Change) -> tuple[str, str, str]:
    return change.nodeid, change.probe, change.metric


def unit_of(metric: str, number: Number | None) -> str:
    if known := METRICS.get(metric):
        return known.unit
    return "count" if isinstance(number, int) else "ratio"
