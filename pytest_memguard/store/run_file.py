"""Run files: what one run found, as JSON."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import msgspec

from pytest_memguard.model import SCHEMA, Run
from pytest_memguard.store.atomic import write_atomically
from pytest_memguard.store.errors import StoreError, in_words

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["load", "save", "to_json"]


class _Header(msgspec.Struct):
    schema: int | msgspec.UnsetType = msgspec.UNSET


def to_json(run: Run) -> bytes:
    """The run file's bytes. A number that JSON has no word for (NaN, infinity) is written as ``null``."""
    try:
        encoded = msgspec.json.encode(run, enc_hook=_plain)
    except UnicodeEncodeError:
        # A file name that is no UTF-8 lives in a str as lone surrogates: no reason to lose a whole run.
        encoded = msgspec.json.encode(_escaped(msgspec.to_builtins(run, enc_hook=_plain)))
    return msgspec.json.format(encoded, indent=1) + b"\n"


def save(run: Run, path: Path) -> None:
    """Write a run file, wholly or not at all.

    Raises
    ------
    StoreError
        When it cannot be written; what was there before is still there.
    """
    write_atomically(path, to_json(run))


def load(path: Path) -> Run:
    """Read a run file. Keys it does not know are skipped: a later version may add some.

    Raises
    ------
    StoreError
        When there is no such file, it cannot be read, or it is no run file of this schema.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StoreError(f"cannot read {path}: {in_words(error)}") from error
    try:
        _check_schema(path, msgspec.json.decode(content, type=_Header).schema)
        return msgspec.json.decode(content, type=Run)
    except msgspec.ValidationError as error:
        raise StoreError(f"{path} is not a run file: {_lowered(str(error))}") from error
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


def _plain(value: object) -> int | float:
    """Numpy's numbers, which end up among the measured ones."""
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    raise TypeError(f"got {value!r} in a run, accepted: what its types say")


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_escaped(key): _escaped(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_escaped(item) for item in value]
    return value
