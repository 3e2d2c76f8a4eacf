"""The text of a baselines file: a line per test or per probe of one, so that git merges what two branches changed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, TypeAlias

from pytest_memguard.store.document import parse_document, quoted
from pytest_memguard.store.errors import StoreError

__all__ = ["SCHEMA", "Entries", "Entry", "Number", "format_entries", "parse_entries"]

SCHEMA = 1
Number: TypeAlias = int | float
Entry: TypeAlias = Mapping[str, Mapping[str, Number]]  # probe -> metric -> number
Entries: TypeAlias = Mapping[str, Entry]  # nodeid -> entry


def format_entries(entries: Entries, *, is_line_per_probe: bool = False) -> str:
    """The whole file, sorted, one test on each line, or one probe of a test."""
    text_of = _on_lines if is_line_per_probe else _on_one_line
    lines = [f"{quoted(nodeid)}: {text_of(entries[nodeid])}" for nodeid in sorted(entries)]
    body = ",\n".join(lines)
    return (
        f'{{"schema": {SCHEMA}, "entries": {{\n{body}\n}}}}\n'
        if body
        else f'{{"schema": {SCHEMA}, "entries": {{}}}}\n'
    )


def parse_entries(text: str, name: str) -> Entries:
    """The entries of a file's text; ``name`` is what messages call the file.

    Raises
    ------
    StoreError
        When it is anything but the JSON object that :func:`format_entries` writes.
    """
    document = parse_document(text, name, schema=SCHEMA)
    try:
        return _checked(document, name)
    except _WrongEntry as error:
        line = next((n for n, each in enumerate(text.split("\n"), 1) if quoted(error.nodeid) in each), 1)
        raise StoreError(f"{name}:{line}: {error}") from error


class _WrongEntry(Exception):  # noqa: N818 - never leaves this file
    def __init__(self, nodeid: str, *path: str, got: object, accepted: str) -> None:
        super().__init__(f"{' → '.join((nodeid, *path))}: got {json.dumps(got)}, accepted: {accepted}")
        self.nodeid = nodeid


def _checked(document: dict[str, Any], name: str) -> Entries:
    entries = document.get("entries")
    if not isinstance(entries, dict):
        raise StoreError(
            f"{name}: `entries` is {json.dumps(entries)[:40]}, accepted: an object of tests by name"
        )
    for nodeid, entry in entries.items():
        _check_entry(nodeid, entry)
    return entries


def _check_entry(nodeid: str, entry: object) -> None:
    if not isinstance(entry, dict):
        raise _WrongEntry(nodeid, got=entry, accepted="an object of probes by name")
    for probe, metrics in entry.items():
        if not isinstance(metrics, dict):
            raise _WrongEntry(nodeid, probe, got=metrics, accepted="an object of metrics by name")
        for metric, number in metrics.items():
            if type(number) not in (int, float) or not 0 <= number < math.inf:
                raise _WrongEntry(nodeid, probe, metric, got=number, accepted="a number >= 0")


def _on_lines(entry: Entry) -> str:
    lines = [f" {quoted(probe)}: {json.dumps(dict(entry[probe]), sort_keys=True)}" for probe in sorted(entry)]
    return "{\n" + ",\n".join(lines) + "\n}"


def _on_one_line(entry: Entry) -> str:
    return json.dumps({probe: dict(metrics) for probe, metrics in entry.items()}, sort_keys=True)
