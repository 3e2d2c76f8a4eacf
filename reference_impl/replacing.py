"""A file made under another name, so that what was there before stays until the new one is whole."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, NoReturn

from reference_impl.lock import WriterLock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import FileIO
    from pathlib import Path

__all__ = ["replacing"]


@contextmanager
def replacing(path: Path, *, overwrite: bool, is_left_over: Callable[[FileIO], bool]) -> Iterator[FileIO]:
    """An empty file to write to, that is at ``path`` after the block, on the disk, and nowhere after an exception.

    Until then it is at ``path`` with ``.part`` behind, where ``is_left_over`` tells what a killed maker left, which is
    taken over, from what belongs to somebody else.

    Raises
    ------
    FileExistsError
        Without ``overwrite``, where there is a file; and where something else has the name with ``.part``.
    BlockingIOError
        Where somebody writes to that file, or is making it.
    OSError
        Where there is no room, with ``path`` as its file name.
    """
    half_made = path.with_name(f"{path.name}.part")
    with ExitStack() as handles:
        try:
            _begin(half_made, handles, is_left_over)
        except OSError as error:
            _raise_at(path, error)
        try:
            if path.exists():
                if not overwrite:
                    raise FileExistsError(errno.EEXIST, "there is a file, and overwrite=False")  # noqa: TRY301 - with the rest, it is told of below
                handles.callback(WriterLock(path).close)
            with half_made.open("r+b", buffering=0) as file:
                file.truncate(0)
                yield file
                os.fsync(file.fileno())
            if sys.platform == "win32":  # moves no open files: nobody else can have it open then either
                handles.close()
            half_made.replace(path)
            _sync_folder(path.parent)
        except BaseException as error:
            if sys.platform == "win32":
                handles.close()
            half_made.unlink(missing_ok=True)
            if isinstance(error, OSError):
                _raise_at(path, error)
            raise


def _begin(half_made: Path, handles: ExitStack, is_left_over: Callable[[FileIO], bool]) -> None:
    if half_made.exists() and not half_made.is_file():
        raise FileExistsError(errno.EEXIST, f"got something that is no file at {half_made}, allowed: nothing")
    half_made.touch()
    handles.callback(WriterLock(half_made).close)
    with half_made.open("rb", buffering=0) as file:
        if half_made.stat().st_size and not is_left_over(file):
            told = f"got a file at {half_made} that nobody left half-made, allowed: none; move it away"
            raise FileExistsError(errno.EEXIST, told)


def _raise_at(path: Path, error: OSError) -> NoReturn:
    if error.errno:
        raise OSError(error.errno, error.strerror, str(path)) from error
    raise error


def _sync_folder(folder: Path) -> None:
    """Have the new name on the disk too. Windows opens no folders."""
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
