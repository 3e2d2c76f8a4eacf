"""One writer at a time, told by the operating system, so that a dead one leaves no lock."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from typing import TYPE_CHECKING

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["WriterLock", "has_writer"]


def has_writer(path: Path) -> bool:
    """Whether one is at work on the file; True as well where the system cannot tell."""
    if sys.platform == "win32":
        return True
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # goes with the handle
        except OSError:
            return True
    return False


class WriterLock:
    """A handle on the file that is its lock: where HDF5 has another one, also what is read and written beside it.

    Raises
    ------
    BlockingIOError
        When another writer, or a reader that locks, has the file, or another file has just taken its name.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._process = os.getpid()
        self._file = path.open("r+b", buffering=0)
        try:
            if sys.platform == "win32":
                self._file.seek(
                    2**62
                )  # locked bytes are closed to all others there: take one far from the data
                msvcrt.locking(self._file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.path.samestat(os.fstat(self._file.fileno()), path.stat()):
                raise BlockingIOError
        except OSError:
            self._file.close()
            raise BlockingIOError(errno.EAGAIN, "a writer or another tool has it open", str(path)) from None

    def admit_readers(self) -> None:
        """Keep out writers alone from now on: HDF5's own readers take a shared lock."""
        if sys.platform != "win32":
            fcntl.flock(self._file, fcntl.LOCK_SH | fcntl.LOCK_NB)

    def size(self) -> int:
        return os.fstat(self._file.fileno()).st_size

    def read(self, count: int) -> bytes:
        self._file.seek(0)
        return self._file.read(count) or b""

    def write(self, data: bytes) -> None:
        self._file.seek(0)
        self._file.write(data)

    def reserve(self, count: int) -> None:
        """Have ``count`` bytes beyond the end ready, or raise OSError: HDF5 dies of a disk that is full."""
        if not hasattr(os, "posix_fallocate"):  # macOS, Windows
            if shutil.disk_usage(self._path.parent).free < count:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return
        try:
            os.posix_fallocate(self._file.fileno(), self.size(), count)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):  # what some file systems answer
                raise

    def cut(self, size: int) -> None:
        """Give back what was reserved and not used."""
        self._file.truncate(size)

    def close(self) -> None:
        """Let go of it. A process that was forked has the same handle: it keeps no lock, and takes none away."""
        if sys.platform != "win32" and not self._file.closed and os.getpid() == self._process:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        self._file.close()
