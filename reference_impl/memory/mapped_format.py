"""What stands before the elements in a matrix's file: what it is, and which rows are valid.

========================  =====================================================================================
bytes                     hold
========================  =====================================================================================
0 to 95                   `Header`, with its checksum
4096 and on               two records of valid rows, each in whole pages: number, checksum, one bit per row
`Header.offset` and on    the elements, row by row, to the end of the file
========================  =====================================================================================

Numbers are little-endian. Records are written in turns, so that one torn by a kill leaves the one before it.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import DTypeLike, NDArray

__all__ = ["PAGE_BYTES", "Header", "Record", "newest", "numeric", "touched_rows"]

PAGE_BYTES = 4096
_MAGIC = b"\x93MATRIX\n"
_VERSION = 1
_HEADER = struct.Struct("<8sI16sQQ16s")
_RECORD = struct.Struct("<QI")
_CHECKSUM = struct.Struct("<I")


def numeric(dtype: DTypeLike) -> np.dtype[Any]:
    """``dtype``, which has to be one of numbers.

    Raises
    ------
    ValueError
        For text, times, structures and objects.
    """
    found = np.dtype(dtype)
    if found.kind not in "biufc":
        raise ValueError(f"got dtype {found}, allowed: booleans, integers, floats and complex numbers")
    return found


class Header(NamedTuple):
    """Shape (rows, columns), each >= 1; ``identity`` is drawn when the file is made: a copy keeps it."""

    rows: int
    columns: int
    dtype: np.dtype[Any]
    identity: bytes

    @property
    def record_bytes(self) -> int:
        return _in_pages(_RECORD.size + (self.rows + 7) // 8)

    @property
    def offset(self) -> int:
        return PAGE_BYTES + 2 * self.record_bytes

    @property
    def row_bytes(self) -> int:
        return self.columns * self.dtype.itemsize

    @property
    def file_bytes(self) -> int:
        return self.offset + self.rows * self.row_bytes

    def record_offset(self, number: int) -> int:
        return PAGE_BYTES + number % 2 * self.record_bytes

    def pack(self) -> bytes:
        packed = _HEADER.pack(
            _MAGIC, _VERSION, self.dtype.str.encode(), self.rows, self.columns, self.identity
        )
        return packed + _CHECKSUM.pack(zlib.crc32(packed))

    @classmethod
    def unpack(cls, data: bytes) -> Header:
        """The header that ``data`` begins with.

        Raises
        ------
        ValueError
            Where it is none, of another version, or damaged; says which.
        """
        if data[: len(_MAGIC)] != _MAGIC:
            raise ValueError(f"got a file that begins with {data[:8]!r}, allowed: a matrix, {_MAGIC!r}")
        if len(data) < _HEADER.size + _CHECKSUM.size:
            raise ValueError(f"got a header of {len(data)} bytes, allowed: {_HEADER.size + _CHECKSUM.size}")
        _, version, dtype, rows, columns, identity = _HEADER.unpack_from(data)
        if version != _VERSION:
            raise ValueError(f"got version {version} of the format, allowed: {_VERSION}")
        checksum = zlib.crc32(data[: _HEADER.size])
        if _CHECKSUM.unpack_from(data, _HEADER.size) != (checksum,):
            raise ValueError("got a header whose checksum is wrong, allowed: an undamaged file")
        return cls(rows, columns, np.dtype(dtype.rstrip(b"\0").decode()), identity)


class Record(NamedTuple):
    """The rows that were flushed, shape (rows,), and how many records were written before."""

    number: int
    valid: NDArray[np.bool_]

    def pack(self) -> bytes:
        bits = np.packbits(self.valid).tobytes()
        return _RECORD.pack(self.number, zlib.crc32(bits, self.number & 0xFFFFFFFF)) + bits

    @classmethod
    def unpack(cls, data: bytes, rows: int) -> Record | None:
        """None where it is torn or was never written."""
        number, checksum = _RECORD.unpack_from(data)
        bits = data[_RECORD.size : _RECORD.size + (rows + 7) // 8]
        if number == 0 or zlib.crc32(bits, number & 0xFFFFFFFF) != checksum:
            return None
        return cls(number, np.unpackbits(np.frombuffer(bits, np.uint8), count=rows).astype(bool))


def newest(records: Sequence[Record | None]) -> Record:
    """The one that counts.

    Raises
    ------
    ValueError
        Where none is left whole.
    """
    whole = [record for record in records if record is not None]
    if not whole:
        raise ValueError("got two damaged records of the valid rows, allowed: at least one whole")
    return max(whole, key=lambda record: record.number)


def _in_pages(count: int) -> int:
    return -(-count // PAGE_BYTES) * PAGE_BYTES


def touched_rows(key: Any, rows: int, columns: int) -> NDArray[np.bool_]:
    """The rows that ``matrix[key]`` is in, as NumPy indexes: shape (rows,)."""
    touched = np.zeros(rows, bool)
    np.lib.stride_tricks.as_strided(touched, (rows, columns), (1, 0))[key] = True  # each row at one byte
    return touched
