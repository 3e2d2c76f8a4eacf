"""The state of a search in a file: what a killed run goes on from."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from reference_impl.replacing import replacing

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import FileIO
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["load", "save"]

_FORMAT = "eigensolver checkpoint 1"
_HEAD_BYTES = 512


def save(path: Path, facts: dict[str, Any], arrays: list[NDArray[Any]]) -> None:
    """Replace ``path`` by ``facts`` and contiguous ``arrays``: at every moment the old state or the new one is there.

    Raises
    ------
    OSError
        Where there is no room; the old state is still there.
    """
    checksum = 0
    with replacing(path, overwrite=True, is_left_over=_is_left_over) as file:
        file.write(b" " * _HEAD_BYTES)
        for data in map(_bytes_of, arrays):
            checksum = zlib.crc32(data, checksum)
            left = data
            while left:
                left = left[file.write(left) :]
        head = json.dumps({"format": _FORMAT, "checksum": checksum, **facts}).encode()
        file.seek(0)
        file.write(head.ljust(_HEAD_BYTES - 1) + b"\n")


def load(
    path: Path, expected: dict[str, Any], room: Callable[[dict[str, Any]], list[NDArray[Any]]]
) -> dict[str, Any]:
    """The facts of `save`; its arrays are read into those that ``room(facts)`` answers.

    Raises
    ------
    ValueError
        Where the file is no such state, or damaged, or one of something else than ``expected``.
    """
    with path.open("rb", buffering=0) as file:
        facts = _facts(path, file.read(_HEAD_BYTES))
        for name, value in expected.items():
            if facts.get(name) != value:
                raise ValueError(f"{path}: got a checkpoint with {name} {facts.get(name)}, allowed: {value}")
        checksum = 0
        for data in map(_bytes_of, room(facts)):
            _fill(path, file, data)
            checksum = zlib.crc32(data, checksum)
    if checksum != facts["checksum"]:
        raise ValueError(f"{path}: got a checkpoint whose checksum is wrong, allowed: an undamaged file")
    return facts


def _facts(path: Path, head: bytes) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = json.loads(head)
    except ValueError:
        facts = {}
    if facts.get("format") != _FORMAT:
        raise ValueError(f"{path}: got a file that begins with {head[:16]!r}, allowed: {_FORMAT!r}")
    return facts


def _fill(path: Path, file: FileIO, data: memoryview) -> None:
    left = data
    while left:
        count = file.readinto(left)
        if not count:
            raise ValueError(f"{path}: got a checkpoint that ended early, allowed: an undamaged file")
        left = left[count:]


def _is_left_over(file: FileIO) -> bool:
    """Whether it is such a state, or one without its head."""
    head = file.read(_HEAD_BYTES)
    return not head.strip(b" ") or head.startswith(json.dumps({"format": _FORMAT})[:-1].encode())


def _bytes_of(array: NDArray[Any]) -> memoryview:
    return memoryview(array.view(np.uint8).ravel())  # type: ignore[arg-type]
