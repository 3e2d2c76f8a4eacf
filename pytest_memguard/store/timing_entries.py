"""The text of ``timing.json``: sorted keys, four significant digits, one line per entry."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from pytest_memguard.model.timing_baseline import (
    Acceptance,
    MachineClass,
    Reference,
    TimingBaselines,
    TimingEntry,
)
from pytest_memguard.store.document import parse_document, quoted
from pytest_memguard.store.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["SCHEMA", "format_timing", "parse_timing"]

SCHEMA = 1
_T = TypeVar("_T")


def format_timing(baselines: TimingBaselines) -> str:
    """The whole file."""
    machines = {
        name: {"facts": dict(machine.facts), "scores": dict(machine.scores)}
        for name, machine in baselines.machines.items()
    }
    sections = {
        "accepted": _object(baselines.accepted),
        "benchmarks": _lines(
            f"{quoted(machine)}: {_object(entries)}"
            for machine, entries in sorted(baselines.benchmarks.items())
        ),
        "machines": _object(machines),
        "reference": _line(baselines.reference),
        "schema": str(SCHEMA),
        "settings": _line(dict(baselines.settings)),
    }
    return _lines(f'"{name}": {text}' for name, text in sections.items()) + "\n"


def _object(entries: Mapping[str, object]) -> str:
    return _lines(f"{quoted(name)}: {_line(entry)}" for name, entry in sorted(entries.items()))


def _lines(lines: Iterator[str]) -> str:
    body = ",\n".join(lines)
    return f"{{\n{body}\n}}" if body else "{}"


def _line(entry: Any) -> str:
    given = entry if isinstance(entry, dict) else dataclasses.asdict(entry)
    known = {name: value for name, value in given.items() if value is not None and value != ()}
    return json.dumps(_rounded(known), sort_keys=True)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.4g}")  # more digits would only differ from run to run
    if isinstance(value, (list, tuple)):
        return [_rounded(each) for each in value]
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return value


def parse_timing(text: str, name: str) -> TimingBaselines:
    """The content of a file; ``name`` is what messages call it.

    Raises
    ------
    StoreError
        When it is anything but what :func:`format_timing` writes; names the line and the place within.
    """
    reader = _Reader(text, name, parse_document(text, name, schema=SCHEMA))
    machines = {
        machine: reader.read(
            MachineClass, {"name": machine, **reader.checked(given, "machines", machine)}, machine
        )
        for machine, given in reader.section("machines").items()
    }
    benchmarks = {
        machine: {
            nodeid: reader.entry(given, machine, nodeid)
            for nodeid, given in reader.checked(entries, "benchmarks", machine).items()
        }
        for machine, entries in reader.section("benchmarks").items()
    }
    return TimingBaselines(
        reference=reader.read(Reference, reader.section("reference"), "reference"),
        settings=reader.read(dict[str, int | float], reader.section("settings"), "settings"),
        accepted={
            nodeid: reader.acceptance(given, nodeid) for nodeid, given in reader.section("accepted").items()
        },
        machines=machines,
        benchmarks=benchmarks,
    )


class _Reader:
    def __init__(self, text: str, name: str, document: dict[str, Any]) -> None:
        self._text, self._name, self._document = text, name, document

    def section(self, section: str) -> dict[str, Any]:
        return self.checked(self._document.get(section, {}), section)

    def checked(self, given: object, *path: str) -> dict[str, Any]:
        if not isinstance(given, dict):
            raise self._refused(path, f"got {json.dumps(given)[:40]}, accepted: an object by name")
        return given

    def read(self, kind: type[_T], given: object, *path: str) -> _T:
        try:
            return msgspec.convert(given, kind)
        except msgspec.ValidationError as error:
            what, _, place = str(error).partition(" - at ")
            inner = (place.strip("`").removeprefix("$").removeprefix("."),) if place else ()
            raise self._refused((*path, *filter(None, inner)), what[:1].lower() + what[1:]) from error

    def entry(self, given: object, machine: str, nodeid: str) -> TimingEntry:
        entry = self.read(TimingEntry, given, machine, nodeid)
        times = (*entry.minima, *(each for quantiles in entry.quantiles for each in quantiles))
        if not entry.minima or not all(0 < each < math.inf for each in times):
            raise self._refused((machine, nodeid, "minima"), f"got {list(times)}, accepted: seconds above 0")
        return entry

    def acceptance(self, given: object, nodeid: str) -> Acceptance:
        acceptance = self.read(Acceptance, given, "accepted", nodeid)
        if not 1 <= acceptance.ratio < math.inf:
            raise self._refused(("accepted", nodeid, "ratio"), f"got {acceptance.ratio}, accepted: 1 or more")
        return acceptance

    def _refused(self, path: tuple[str, ...], message: str) -> StoreError:
        named = [quoted(each) for each in path]
        lines = enumerate(self._text.split("\n"), 1)
        # The deepest name that stands in the file as it is, a node id more often than not.
        line = next((n for n, each in reversed([*lines]) if any(name in each for name in named[-2:])), 1)
        return StoreError(f"{self._name}:{line}: {' → '.join(path)}: {message}")
