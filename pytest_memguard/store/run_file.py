"""Run files: what one run found, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pytest_memguard.model import SCHEMA, Run
from pytest_memguard.model.encoding import encode_run
from pytest_memguard.store.atomic import write_atomically
from pytest_memguard.store.benchmark_json import is_benchmark_json, run_of_benchmarks
from pytest_memguard.store.errors import StoreError, in_words

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["load", "save"]


class _Header(msgspec.Struct):
    schema: int | msgspec.UnsetType = msgspec.UNSET


def save(run: Run, path: Path) -> None:
    """Write a run file, wholly or not at all.

    Raises
    ------
    StoreError
        When it cannot be written; what was there before is still there.
    """
    write_atomically(path, encode_run(run))


def load(path: Path) -> Run:
    """Read a run file, or one of pytest-benchmark. Keys it does not know are skipped: a later version may add some.

    Raises
    ------
    StoreError
        When there is no such file, it cannot be read, or it is no run file of this schema.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StoreError(f"cannot read {path}: {in_words(error)}") from error
    kind = "a run file"
    try:
        if is_benchmark_json(content):
            kind = "a file of pytest-benchmark"
            return run_of_benchmarks(content)
        _check_schema(path, msgspec.json.decode(content, type=_Header).schema)
        return msgspec.json.decode(content, type=Run)
    except msgspec.ValidationError as error:
        raise StoreError(f"{path} is not {kind}: {_lowered(str(error))}") from error
    except UnicodeDecodeError as error:
        raise StoreError(f"{path} is not UTF-8: byte {content[error.start]:#04x} in a text") from error
    except msgspec.DecodeError as error:
        raise StoreError(_malformed(path, content, str(error))) from error


def _check_schema(path: Path, schema: int | msgspec.UnsetType) -> None:
    if schema is msgspec.UNSET:
        raise StoreError(f"{path} is not a run file: it has no `schema`")
    if schema > SCHEMA:
        raise StoreError(
            f"{path} has schema {schema}, written by a newer pytest-memguard; "
            f"this one reads schema {SCHEMA}: upgrade it"
        )
    if schema < SCHEMA:
        raise StoreError(
            f"{path} has schema {schema}, written by an older pytest-memguard; "
            f"this one reads schema {SCHEMA}: make the run again"
        )


def _malformed(path: Path, content: bytes, message: str) -> str:
    if not content.strip():
        return f"{path} is empty, not a run file"
    if "truncated" in message:
        return f"{path} is truncated: its JSON ends in the middle, after {len(content)} bytes"
    return f"{path} is not JSON: {_lowered(message.removeprefix('JSON is malformed: '))}"


def _lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
