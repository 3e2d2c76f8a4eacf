"""The first bytes of an HDF5 file, where a dead writer has left its flags.

HDF5 opens no file for writing that is marked as being written, and its own tool ``h5clear`` does not come with h5py.
Layout and checksum: the HDF5 File Format Specification version 3.0, section II.A (superblock version 3).
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

from reference_impl.lock import WriterLock
from reference_impl.trajectory.h5md import PAGE_BYTES

__all__ = ["is_marked", "recover", "release", "released"]

_FORMAT = struct.Struct(
    "<8sBBBBQQQQ"
)  # signature, version, two sizes, flags, base, extension, end of file, root
_FLAGS = 4
_CHECKSUM = struct.Struct("<I")
_SIGNATURE = b"\x89HDF\r\n\x1a\n"


def recover(path: str | os.PathLike[str]) -> bool:
    """Make the file of a writer that died open like any other; whether that was needed.

    Flushed frames are neither read nor moved. ``TrajectoryWriter(..., append=True)`` does this by itself, and
    `TrajectoryReader` needs it not; other tools do. They may find more positions than steps then: those beyond were
    not flushed, and are overwritten by the next frames.

    Raises
    ------
    BlockingIOError
        While a writer is at work, or another tool holds the file.
    ValueError
        For other files than those of `TrajectoryWriter`.
    """
    lock = WriterLock(Path(path))
    try:
        return release(lock, Path(path))
    finally:
        lock.close()


def is_marked(path: Path) -> bool:
    """Whether a writer is at work on the file, or died; False as well for what is no file of `TrajectoryWriter`.

    Raises
    ------
    OSError
        For a file that is shorter than it says. HDF5 waits for the rest of one that is being written, for ever.
    """
    with path.open("rb") as file:
        start, size = file.read(_FORMAT.size), os.fstat(file.fileno()).st_size
    if len(start) < _FORMAT.size or start[:9] != _SIGNATURE + b"\x03":
        return False
    *_, flags, _, _, end, _ = _FORMAT.unpack(start)
    if size < end:
        raise OSError(f"got {path}, a truncated file: {size} of {end} bytes are there")
    return bool(flags)


def release(lock: WriterLock, path: Path) -> bool:
    """Clear the flags of a file that ``lock`` keeps others from."""
    start = lock.read(_FORMAT.size)
    if len(start) < _FORMAT.size or start[:9] != _SIGNATURE + b"\x03":
        raise ValueError(f"got {path}, which is no HDF5 file of TrajectoryWriter (superblock version 3)")
    if not _FORMAT.unpack(start)[_FLAGS]:
        return False
    block, end = released(start, lock.size())
    lock.cut(end)
    lock.write(block)
    return True


def released(start: bytes, size: int) -> tuple[bytes, int]:
    """The first bytes of a file of ``size`` without the flags that are in ``start``, and where it ends then."""
    *head, _, base, extension, _, root = _FORMAT.unpack_from(start)
    # What was written last may lie beyond the recorded end: space there must not be given out again.
    end = -(-size // PAGE_BYTES) * PAGE_BYTES
    block = _FORMAT.pack(*head, 0, base, extension, end, root)
    return block + _CHECKSUM.pack(_lookup3(block)), end


def _lookup3(data: bytes) -> int:
    """Bob Jenkins' hash of 32 bits (lookup3.c, ``hashlittle``, initial value 0), for one byte and more."""
    mask = 2**32 - 1

    def rotated(value: int, bits: int) -> int:
        return (value << bits | value >> (32 - bits)) & mask

    a: int
    b: int
    c: int
    a = b = c = (0xDEADBEEF + len(data)) & mask
    *blocks, last = (data[i : i + 12] for i in range(0, len(data), 12))
    for block in blocks:
        x, y, z = struct.unpack("<3I", block)
        a, b, c = (a + x) & mask, (b + y) & mask, (c + z) & mask
        for bits in (4, 6, 8, 16, 19, 4):
            a = (a - c & mask) ^ rotated(c, bits)
            c = c + b & mask
            a, b, c = b, c, a
    x, y, z = struct.unpack("<3I", last.ljust(12, b"\0"))
    a, b, c = (a + x) & mask, (b + y) & mask, (c + z) & mask
    for bits in (14, 11, 25, 16, 4, 14, 24):
        c = ((c ^ b) - rotated(b, bits)) & mask
        a, b, c = b, c, a
    return b
