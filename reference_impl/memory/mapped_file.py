"""The file of a matrix: made with all the room it needs, opened with a look at all that can be wrong."""

from __future__ import annotations

import errno
import operator
import os
import secrets
import sys
from typing import TYPE_CHECKING

import numpy as np

from reference_impl.memory.mapped_format import PAGE_BYTES, Header, Record, newest, numeric
from reference_impl.replacing import replacing

if TYPE_CHECKING:
    from io import FileIO
    from pathlib import Path

    from numpy.typing import DTypeLike

__all__ = ["create_matrix", "read_state", "write_at"]

_NO_ROOM_AHEAD = (errno.EINVAL, errno.EOPNOTSUPP)  # from file systems that cannot reserve
_PIECE_BYTES = 2**20


def create_matrix(path: Path, shape: tuple[int, int], dtype: DTypeLike, *, overwrite: bool) -> None:
    """Put a matrix of zeros, none of its rows valid, at ``path``.

    Its whole room is taken on the disk now: a mapping with nowhere to write to would end the process by a signal.

    Raises
    ------
    FileExistsError
        Without ``overwrite``, where there is a file; and where another file has the name with ``.part`` behind.
    BlockingIOError
        Where somebody writes to that file, or is making it.
    OSError
        Where there is no room; what was at ``path`` is still there.
    ValueError
        For another shape than two lengths >= 1, and a dtype that is not of numbers.
    """
    try:
        rows, columns = map(operator.index, shape)
    except (TypeError, ValueError):
        rows = columns = 0
    if min(rows, columns) < 1:
        raise ValueError(f"got shape {shape}, allowed: (rows, columns), both at least 1")
    header = Header(rows, columns, numeric(dtype), secrets.token_bytes(16))
    if header.file_bytes > sys.maxsize:
        raise ValueError(f"got shape {shape} of {header.dtype}: more bytes than a file can have")
    with replacing(path, overwrite=overwrite, is_left_over=_is_left_over) as file:
        _reserve(file, header.file_bytes)
        write_at(file, header.record_offset(1), Record(1, np.zeros(header.rows, bool)).pack())
        write_at(file, 0, header.pack())


def read_state(file: FileIO, shape: tuple[int, int] | None, dtype: DTypeLike | None) -> tuple[Header, Record]:
    """What stands before the elements.

    Raises
    ------
    ValueError
        Where it is no matrix, of another version, size, shape or dtype, or damaged.
    """
    header = Header.unpack(file.read(PAGE_BYTES))
    if dtype is not None and header.dtype != dtype:
        raise ValueError(f"got dtype {header.dtype}, allowed: {np.dtype(dtype)}")
    if shape is not None and header[:2] != tuple(shape):
        raise ValueError(f"got shape {header[:2]}, allowed: {tuple(shape)}")
    size = os.fstat(file.fileno()).st_size
    if size != header.file_bytes:
        raise ValueError(f"got {size} bytes, allowed: {header.file_bytes} for {header[:2]}, {header.dtype}")
    pages = [file.read(header.record_bytes) for _ in range(2)]
    return header, newest([Record.unpack(page, header.rows) for page in pages])


def write_at(file: FileIO, offset: int, data: bytes) -> None:
    """All of ``data``, and on the disk when this returns."""
    file.seek(offset)
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]
    os.fsync(file.fileno())


def _is_left_over(file: FileIO) -> bool:
    """Whether it is a matrix without its header, or one that nothing was ever flushed to."""
    if not any(file.read(PAGE_BYTES)):
        return True
    file.seek(0)
    try:
        _, record = read_state(file, None, None)
    except ValueError:
        return False
    return record.number == 1


def _reserve(file: FileIO, count: int) -> None:
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(file.fileno(), 0, count)
        except OSError as error:
            if error.errno not in _NO_ROOM_AHEAD:
                raise
        else:
            return
    zeros = bytes(_PIECE_BYTES)  # macOS, Windows
    while count:
        count -= file.write(zeros[: min(count, _PIECE_BYTES)])
