"""The reader: frames by number, or all of them in blocks of bounded size."""

from __future__ import annotations

import operator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py

from reference_impl.lock import has_writer
from reference_impl.trajectory.frames import Frame, Frames
from reference_impl.trajectory.h5md import (
    BOX,
    CACHE_BYTES,
    POSITION,
    STEP,
    TIME,
    VELOCITY,
    columns,
    flushed_frames,
    observable,
    read_header,
)
from reference_impl.trajectory.left import LeftFile
from reference_impl.trajectory.superblock import is_marked
from reference_impl.whole import whole

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from types import TracebackType

    from numpy.typing import NDArray

__all__ = ["TrajectoryReader"]


class TrajectoryReader:
    """Reads a trajectory, also one that is being written, or whose writer died.

    ``len(reader)`` counts the flushed frames, ``reader[i]`` is a :class:`Frame`, negative numbers count from the end.
    Iterating goes through all frames in `blocks` of 4 MiB and more.

    Raises
    ------
    FileNotFoundError, OSError
        When there is no file, or it is no HDF5, truncated or damaged.
    ValueError
        For HDF5 of another layout, and after `close`.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._open()

    def _open(self) -> None:
        # HDF5 looks again and again for what another process may be writing, and waits longer each time: at damage in
        # a file that nobody writes, for ever.
        marked = is_marked(self._path)
        self._is_written = marked and has_writer(self._path)
        if marked and not self._is_written:
            self._file: Any = h5py.File(LeftFile(self._path), "r", rdcc_nbytes=CACHE_BYTES)
        else:
            self._file = h5py.File(self._path, "r", swmr=marked, locking=False, rdcc_nbytes=CACHE_BYTES)
        try:
            self.header = read_header(self._file, self._path)
            self._data = {column.path: self._file[column.path] for column in columns(self.header)}
            self._frames = flushed_frames(self._data[STEP])
        except (KeyError, RuntimeError) as error:  # as h5py tells of checksums
            self._file.close()
            raise OSError(f"got {self._path}, a damaged file: {error}") from error
        except BaseException:
            self._file.close()
            raise

    def __len__(self) -> int:
        return self._frames

    def refresh(self) -> int:
        """See what a writer has flushed since; the number of frames."""
        self._require_open()
        if not self._is_written:
            self._open_again()
            return self._frames
        self._data[STEP].refresh()
        self._frames = flushed_frames(self._data[STEP])
        for data in self._data.values():  # later than the steps: they hold at least as many frames
            data.refresh()
        return self._frames

    def _open_again(self) -> None:
        self._file.close()
        self._open()

    def __getitem__(self, frame: int) -> Frame:
        """One frame; IndexError where there is none."""
        number = operator.index(frame)
        if not -self._frames <= number < self._frames:
            raise IndexError(f"got frame {number}, allowed: {-self._frames} to {self._frames - 1}")
        begin = number % self._frames
        return next(self.read(begin, begin + 1).each())

    def __iter__(self) -> Iterator[Frame]:
        for block in self.blocks(max(2**22, 2 * self.header.frame_bytes)):
            yield from block.each()

    def blocks(self, memory_bytes: int) -> Iterator[Frames]:
        """All frames in order, as many at a time as fit twice into ``memory_bytes``: one block is read while the
        caller still holds the one before. HDF5 takes two chunks, up to 1 MiB each, beside them.

        Raises
        ------
        ValueError
            When two frames do not fit.
        """
        memory_bytes = whole(memory_bytes, "memory_bytes")
        at_once = memory_bytes // (2 * self.header.frame_bytes)
        if at_once < 1:
            raise ValueError(
                f"got memory_bytes={memory_bytes}, allowed: at least two frames, {2 * self.header.frame_bytes}"
            )
        return (self.read(begin, begin + at_once) for begin in range(0, self._frames, at_once))

    def read(self, begin: int, end: int) -> Frames:
        """Frames ``begin`` to ``end``, the latter left out, cut to what is there."""
        begin, end, _ = slice(begin, end).indices(self._frames)

        def part(path: str) -> NDArray[Any]:
            return self._part(path, begin, end)

        return Frames(
            part(STEP),
            part(TIME),
            part(BOX),
            part(POSITION),
            part(VELOCITY) if self.header.velocities else None,
            {name: part(observable(name)) for name in self.header.observables},
        )

    def series(self, name: str) -> NDArray[Any]:
        """``"step"``, ``"time"`` or an observable of every frame.

        Raises
        ------
        ValueError
            For other names.
        """
        paths = {"step": STEP, "time": TIME, **{name: observable(name) for name in self.header.observables}}
        if name not in paths:
            raise ValueError(f"got series {name!r}, allowed: {', '.join(paths)}")
        return self._part(paths[name], 0, self._frames)

    def _part(self, path: str, begin: int, end: int) -> NDArray[Any]:
        self._require_open()
        try:
            values: NDArray[Any] = self._data[path][begin:end]
        except OSError:
            if self._is_written:
                raise
            self._open_again()  # somebody has appended, and what was found before has moved
            values = self._data[path][begin:end]
        return values

    def _require_open(self) -> None:
        if not self._file:
            raise ValueError(f"{self._path}: got use after close, allowed: use before")

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> TrajectoryReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
