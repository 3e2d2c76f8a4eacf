"""The JSON of a file of baselines, and what can be wrong with it before anything in it is looked at."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from pytest_memguard.store.errors import StoreError

__all__ = ["parse_document", "quoted"]

_CONFLICT = re.compile(r"^(<{7}|={7}|>{7}|\|{7})(\s|$)", re.MULTILINE)


def parse_document(text: str, name: str, *, schema: int) -> dict[str, Any]:
    """The object that a file's text holds, of this ``schema``; ``name`` is what messages call the file.

    Raises
    ------
    StoreError
        When it is no JSON object of that schema.
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
    return _check_schema(document, name, schema=schema)


def _check_schema(document: object, name: str, *, schema: int) -> dict[str, Any]:
    if not isinstance(document, dict) or "schema" not in document:
        raise StoreError(f"{name} is not a baselines file: it has no `schema`")
    found = document["schema"]
    if type(found) is not int:
        raise StoreError(f"{name}: `schema` is {json.dumps(found)}, accepted: {schema}")
    if found != schema:
        is_newer = found > schema
        age = "a newer" if is_newer else "an older"
        advice = "upgrade it" if is_newer else "remove the file and write it again with --memguard-update"
        raise StoreError(
            f"{name} has schema {found}, written by {age} pytest-memguard; "
            f"this one reads schema {schema}: {advice}"
        )
    return document


def _without_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twin = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{json.dumps(twin)} stands there twice; keep one of them")
    return found


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"got {constant}, accepted: a number >= 0")


def quoted(nodeid: str) -> str:
    try:
        nodeid.encode()
    except UnicodeEncodeError:  # a file name that is no UTF-8
        return json.dumps(nodeid)
    return json.dumps(nodeid, ensure_ascii=False)
