"""The text of a baselines file: one line per test, so that git merges what two branches changed."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import NoReturn, TypeAlias

from pytest_memguard.store.errors import StoreError

__all__ = ["SCHEMA", "Entries", "Entry", "Number", "format_entries", "parse_entries"]

SCHEMA = 1
Number: TypeAlias = int | float
Entry: TypeAlias = Mapping[str, Mapping[str, Number]]  # probe -> metric -> number
Entries: TypeAlias = Mapping[str, Entry]  # nodeid -> entry

_CONFLICT = re.compile(r"^(<{7}|={7}|>{7}|\|{7})(\s|$)", re.MULTILINE)


def format_entries(entries: Entries) -> str:
    """The whole file, sorted, one test on each line."""
    lines = [f"{_quoted(nodeid)}: {_on_one_line(entries[nodeid])}" for nodeid in sorted(entries)]
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
    if conflict := _CONFLICT.search(text):
        line = text.count("\n", 0, conflict.start()) + 1
        raise StoreError(
            f"{name}:{line}: unresolved merge conflict ({conflict[1]}); "
            "keep the lines of either side and measure those tests again with --memguard-update"
        )
    try:
        document = json.loads(text, object_pairs_hook=_without_twins, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        end = " (the file ends in the middle)" if not text[error.pos :].strip() else ""
        raise StoreError(
            f"{name}:{error.lineno}:{error.colno}: not JSON: {error.msg.lower()}{end}"
        ) from error
    except RecursionError as error:
        raise StoreError(f"{name}: not a baselines file: nested too deeply") from error
    except ValueError as error:
        raise StoreError(f"{name}: {error}") from error
    try:
        return _checked(document, name)
    except _WrongEntry as error:
        line = next((n for n, each in enumerate(text.split("\n"), 1) if _quoted(error.nodeid) in each), 1)
        raise StoreError(f"{name}:{line}: {error}") from error


class _WrongEntry(Exception):  # noqa: N818 - never leaves this file
    def __init__(self, nodeid: str, *path: str, got: object, accepted: str) -> None:
        super().__init__(f"{' → '.join((nodeid, *path))}: got {json.dumps(got)}, accepted: {accepted}")
        self.nodeid = nodeid


def _checked(document: object, name: str) -> Entries:
    if not isinstance(document, dict) or "schema" not in document:
        raise StoreError(f"{name} is not a baselines file: it has no `schema`")
    schema = document["schema"]
    if type(schema) is not int:
        raise StoreError(f"{name}: `schema` is {json.dumps(schema)}, accepted: {SCHEMA}")
    if schema != SCHEMA:
        is_newer = schema > SCHEMA
        age = "a newer" if is_newer else "an older"
        advice = "upgrade it" if is_newer else "remove the file and write it again with --memguard-update"
        raise StoreError(
            f"{name} has schema {schema}, written by {age} pytest-memguard; "
            f"this one reads schema {SCHEMA}: {advice}"
        )
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


def _without_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twin = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{json.dumps(twin)} stands there twice; keep one of them")
    return found


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"got {constant}, accepted: a number >= 0")


def _on_one_line(entry: Entry) -> str:
    return json.dumps({probe: dict(metrics) for probe, metrics in entry.items()}, sort_keys=True)


def _quoted(nodeid: str) -> str:
    try:
        nodeid.encode()
    except UnicodeEncodeError:  # a file name that is no UTF-8
        return json.dumps(nodeid)
    return json.dumps(nodeid, ensure_ascii=False)
