"""The writer: frames are collected, then flushed in batches."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reference_impl.lock import WriterLock
from reference_impl.trajectory.buffer import FrameBuffer
from reference_impl.trajectory.h5md import (
    POSITION,
    STEP,
    VELOCITY,
    columns,
    create,
    flush_bytes,
    flushed_frames,
    open_for_writing,
    read_header,
)
from reference_impl.trajectory.header import Header, require_same
from reference_impl.trajectory.reader import TrajectoryReader
from reference_impl.trajectory.superblock import release
from reference_impl.whole import whole

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from types import TracebackType

    from numpy.typing import ArrayLike

__all__ = ["TrajectoryWriter"]


class TrajectoryWriter:
    """Writes the frames of one system to an HDF5 file.

    Parameters
    ----------
    path
        Of the file; it must not be there yet, or with ``append`` may.
    header
        What all frames share.
    append
        Go on behind the last flushed frame of a file with the same header, a dead writer's included.
    buffer_bytes
        Frames are kept in memory up to this size, and then flushed; they are what a killed process loses.
        By default 4 MiB, or one frame where that is more.
    compression
        Of positions and velocities: gzip's level, 0 to 9, after a shuffle of bytes; None for none.

    Raises
    ------
    FileExistsError
        Without ``append``, when there is a file.
    BlockingIOError
        When another writer is at work on the file.
    ValueError
        For a header other than the file's (says in what), a ``buffer_bytes`` below one frame.
    OSError
        For a file that is truncated or damaged.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        header: Header,
        *,
        append: bool = False,
        buffer_bytes: int | None = None,
        compression: int | None = 4,
    ) -> None:
        self._path = Path(path)
        limit = max(2**22, header.frame_bytes) if buffer_bytes is None else buffer_bytes
        self._buffer = FrameBuffer(header, limit)
        if compression is not None and compression not in range(10):
            raise ValueError(f"got compression={compression}, allowed: 0 to 9, None")
        there = self._path.exists()
        if there and not append:
            raise FileExistsError(
                errno.EEXIST, "is there already; append=True goes on with it", str(self._path)
            )
        if not there:
            create(self._path, header, compression)
        self._lock = WriterLock(self._path)
        try:
            release(self._lock, self._path)
            if there:
                with TrajectoryReader(
                    self._path
                ) as reader:  # damage is an error here, and a wait without end below
                    reader.read(len(reader) - 1, len(reader))
            self._file = self._open(header)
        except BaseException:
            self._lock.close()
            raise

    def _open(self, header: Header) -> Any:
        file = open_for_writing(self._path)
        try:
            require_same(header, read_header(file, self._path), self._path)
            self._data = {column.path: file[column.path] for column in columns(header)}
            self._frames = flushed_frames(self._data[STEP])
            self._last_step = int(self._data[STEP][self._frames - 1]) if self._frames else -1
            self._lock.admit_readers()
        except BaseException:
            file.close()
            raise
        return file

    @property
    def frames(self) -> int:
        """Flushed ones."""
        return self._frames

    def append(
        self,
        step: int,
        positions: ArrayLike,
        *,
        box: ArrayLike,
        velocities: ArrayLike | None = None,
        observables: Mapping[str, float] | None = None,
        time: float | None = None,
    ) -> None:
        """Add a frame; it is copied.

        Parameters
        ----------
        step
            Larger than the one before, 0 and more.
        positions, velocities
            Shape (N, 3), finite; velocities as the header says.
        box
            Three lengths, or (3, 3) cell vectors for a triclinic header.
        observables
            A number for each name of the header.
        time
            ``step * time_step`` of the header where it is not given.

        Raises
        ------
        ValueError
            For a frame that does not fit the header, which is left out, and after `close`.
        OSError
            When the disk is full, see `flush`. The frame is kept then.
        """
        if not self._file:
            raise ValueError(f"{self._path}: got a frame after close, allowed: frames before")
        step = whole(step, "step")
        if self._buffer.count == self._buffer.capacity:  # what an earlier flush could not write
            self.flush()
        last = int(self._buffer.filled(STEP)[-1]) if self._buffer.count else self._last_step
        if not last < step < 2**63:
            raise ValueError(
                f"got step {step} after step {last}, allowed: larger ones, from 0 on, below 2^63"
            )
        elapsed = step * self._buffer.header.time_step if time is None else time
        vectors = {POSITION: positions, VELOCITY: velocities}
        self._buffer.add(step, elapsed, box, vectors, observables or {})
        if self._buffer.count == self._buffer.capacity:
            self.flush()

    def flush(self) -> None:
        """Write what is collected.

        Raises
        ------
        OSError
            When the disk is full: all flushed frames are in the file and the others in memory. Make room and
            flush again.
        """
        buffer = self._buffer
        if not buffer.count:
            return
        begin, end = self._frames, self._frames + buffer.count
        self._reserve(buffer.count)
        for path, data in self._data.items():
            if path == STEP:  # the last
                self._file.flush()  # all else is in the file before the step that tells of it
            data.resize(max(end, len(data)), axis=0)
            data[begin:end] = buffer.filled(path)
        self._file.flush()
        self._lock.cut(self._file.id.get_filesize())
        self._frames, self._last_step, buffer.count = end, int(buffer.filled(STEP)[-1]), 0

    def _reserve(self, frames: int) -> None:
        needed = flush_bytes(self._buffer.header, frames)
        try:
            self._lock.reserve(needed)
        except OSError as error:
            raise OSError(
                error.errno,
                f"{error.strerror}: {self._frames} frames are in the file, {frames} in memory, "
                f"which take up to {needed} bytes; make room and flush again",
                str(self._path),
            ) from None

    def close(self) -> None:
        """Flush and close; the file is closed as well when the disk is full and OSError is raised."""
        if not self._file:
            return
        try:
            self.flush()
        finally:
            self._file.close()
            self._lock.close()

    def __enter__(self) -> TrajectoryWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
