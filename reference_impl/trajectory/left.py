"""The file of a dead writer, as `recover` would leave it, without a change to it."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

from reference_impl.trajectory.superblock import released

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["LeftFile"]


class LeftFile(io.RawIOBase):
    """What HDF5 reads in its place: the start without its flags, and zeros up to the border of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = path.open("rb")
        self._start, self._end = released(self._file.read(64), os.fstat(self._file.fileno()).st_size)
        self._at = 0

    def readinto(self, room: Any) -> int:
        view = memoryview(room).cast("B")
        self._file.seek(self._at)
        count = self._file.readinto(view)
        view[count:] = bytes(len(view) - count)
        start = self._start[self._at : self._at + len(view)]
        view[: len(start)] = start
        self._at += len(view)
        return len(view)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._end}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def close(self) -> None:
        self._file.close()
        super().close()
