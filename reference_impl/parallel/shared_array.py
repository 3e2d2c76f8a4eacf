"""An array in memory that several processes see, under a name that the system keeps until it is unlinked."""

from __future__ import annotations

import shutil
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SharedArray"]

_LINUX = Path("/dev/shm")  # noqa: S108 - where Linux keeps the segments, asked for its free space alone


class SharedArray:
    """float64 of shape (N, 3), N >= 1, in a new segment, or in the one of that ``name``.

    Nobody outside may keep ``array``: a segment whose views live on cannot be closed.

    Raises
    ------
    OSError
        Where the system has no room for it (otherwise the first write beyond it would kill the process), or no
        segment of that name.
    """

    def __init__(self, atoms: int, name: str | None = None) -> None:
        wanted = 24 * atoms
        if name is None and _LINUX.is_dir() and shutil.disk_usage(_LINUX).free < wanted:
            raise OSError(
                f"got {atoms} atoms, which take {wanted} bytes of shared memory, allowed: "
                f"{shutil.disk_usage(_LINUX).free} bytes, which {_LINUX} has free"
            )
        self._segment = SharedMemory(name, create=name is None, size=wanted)
        self.array: NDArray[np.float64] = np.ndarray((atoms, 3), np.float64, self._segment.buf)

    @property
    def name(self) -> str:
        return self._segment.name

    def unlink(self) -> None:
        """The name ends, and the memory with its last user."""
        self._segment.unlink()

    def close(self) -> None:
        """The view ends."""
        del self.array
        self._segment.close()
