"""One writer at a time per folder, among processes."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_memguard.store.errors import StoreError, in_words

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["locked"]

_POLL_SECONDS = 0.02
_HELD_BY_ANOTHER = {errno.EACCES, errno.EAGAIN, errno.EDEADLK}
# NFS turns flock into a lock that wants a file open for writing, which no folder is; others have no locks.
_FOLDER_CANNOT_BE_LOCKED = {errno.EBADF, errno.EINVAL, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}


@contextlib.contextmanager
def locked(folder: Path, *, timeout_seconds: float = 30.0) -> Iterator[None]:
    """Hold the folder's lock. It ends with the process, however that ends, and leaves no file in the folder.

    Raises
    ------
    StoreError
        When another process holds it for all of ``timeout_seconds``, or it cannot be taken at all.
    """
    with contextlib.ExitStack() as held:
        try:
            _acquire(folder, held, time.monotonic() + timeout_seconds)
        except TimeoutError as error:
            raise StoreError(
                f"another process has held the lock of {folder} for {timeout_seconds:g} s: "
                "wait for its update to end, or end it, and run again"
            ) from error
        except OSError as error:
            raise StoreError(f"cannot lock {folder}: {in_words(error)}") from error
        yield


def _acquire(folder: Path, held: contextlib.ExitStack, deadline: float) -> None:
    descriptor = _open(folder)
    held.callback(os.close, descriptor)
    while True:
        try:
            _lock(descriptor)
        except OSError as error:
            if error.errno in _HELD_BY_ANOTHER:
                if time.monotonic() >= deadline:
                    raise TimeoutError from error
                time.sleep(_POLL_SECONDS)
            elif error.errno in _FOLDER_CANNOT_BE_LOCKED and not _is_stand_in(descriptor):
                descriptor = _open_stand_in(folder)
                held.callback(os.close, descriptor)
            else:
                raise
        else:
            # Unlocked by hand: a child forked meanwhile shares the descriptor and would keep the lock.
            held.callback(_unlock, descriptor)
            return


def _open_stand_in(folder: Path) -> int:
    """Open a lock file outside the folder: it keeps apart one user's processes on one machine."""
    name = hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:24]
    path = Path(tempfile.gettempdir()) / f"pytest-memguard-{_owner()}-{name}.lock"
    return os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)


if sys.platform == "win32":
    import msvcrt

    _open = _open_stand_in  # folders cannot be opened there

    def _owner() -> str:
        return "user"  # the folder for temporary files is the user's own

    def _is_stand_in(descriptor: int) -> bool:  # noqa: ARG001
        return True

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def _unlock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl
    import stat

    def _owner() -> str:
        return str(os.getuid())

    def _open(folder: Path) -> int:
        return os.open(folder, os.O_RDONLY | os.O_DIRECTORY)

    def _is_stand_in(descriptor: int) -> bool:
        return not stat.S_ISDIR(os.fstat(descriptor).st_mode)

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
