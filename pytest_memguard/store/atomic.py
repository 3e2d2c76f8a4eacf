"""Writing a file so that every reader, at every moment and after any crash, sees the old or the new one."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path

from pytest_memguard.store.errors import StoreError, in_words

__all__ = ["remove_leftovers", "write_atomically"]


def write_atomically(path: Path, content: bytes) -> None:
    """Replace ``path`` by a file that holds ``content``, making its folder where there is none.

    A symbolic link stays and its target is replaced; permissions of an existing file are kept. A pipe or a
    device (``/dev/stdout``) cannot be replaced and is simply written to.

    Raises
    ------
    StoreError
        When the file cannot be written; what was there before is still there.
    """
    try:
        target = Path(os.path.realpath(path))
        mode = _mode_of(target)
        if mode is not None and not stat.S_ISREG(mode):
            _write(os.open(target, os.O_WRONLY), content)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, content, mode)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {in_words(error)}") from error


def remove_leftovers(path: Path) -> None:
    """Remove what killed writers of ``path`` left behind; only for the holder of the lock that guards it."""
    target = Path(os.path.realpath(path))
    with contextlib.suppress(OSError):
        for entry in target.parent.iterdir():
            if entry.name.startswith(_temporary_prefix(target)) and entry.suffix == ".tmp":
                entry.unlink()


def _temporary_prefix(target: Path) -> str:
    # Cut, so that a name of the greatest length that a file system allows still has a temporary one.
    return f".{target.name[:48]}."


def _mode_of(target: Path) -> int | None:
    try:
        return target.stat().st_mode
    except FileNotFoundError:
        return None


def _replace(target: Path, content: bytes, mode: int | None) -> None:
    temporary = target.parent / f"{_temporary_prefix(target)}{secrets.token_hex(6)}.tmp"
    try:
        descriptor = os.open(
            temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666
        )
        _write(descriptor, content)
        if mode is not None:
            temporary.chmod(stat.S_IMODE(mode))
        temporary.replace(target)
    except BaseException:  # an interrupt leaves no more behind than a full disk
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(target.parent)


def _write(descriptor: int, content: bytes) -> None:
    try:
        remaining = memoryview(content)
        while remaining:
            remaining = remaining[os.write(descriptor, remaining) :]
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # folders cannot be opened there; NTFS journals the rename itself
        return
    # By now the new file is whole and in place: a file system that will not sync folders is no failure.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
