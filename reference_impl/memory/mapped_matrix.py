"""A matrix in a file, seen through a memory map, that knows after a crash which of its rows are whole."""

from __future__ import annotations

import mmap
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from reference_impl.lock import WriterLock
from reference_impl.memory.mapped_file import create_matrix, read_state, write_at
from reference_impl.memory.mapped_format import Record, touched_rows
from reference_impl.uncopied import Uncopied
from reference_impl.whole import whole

if TYPE_CHECKING:
    from types import TracebackType

    from numpy.typing import ArrayLike, DTypeLike, NDArray

__all__ = ["MappedMatrix"]


class MappedMatrix(Uncopied):
    """Matrix in a file, of any numeric dtype; for one thread at a time.

    ``matrix[key]`` is a read-only view, as NumPy indexes; ``matrix[key] = values`` writes. A row is *valid* when it has
    been written to and flushed since: writing to a valid row first notes on the disk that it is not, and `flush` notes
    that it is again once its elements are there. After a kill, or the loss of power, `valid` tells what is whole.

    A process that is forked may read and close it; to write, it has to wait until the other has closed it, and open it.

    As a context manager it is flushed at the end, but not after an exception: what was not flushed is then not valid.

    Parameters
    ----------
    path
        An existing file; `create` makes new ones.
    mode
        ``r``: read-only, no lock, the rows that were valid when it was opened. ``r+``: the one writer.
    shape, dtype
        What is expected; None takes what there is.

    Raises
    ------
    ValueError
        Where the file is no matrix, of another version, size, shape or dtype, or damaged; and after `close`.
    BlockingIOError
        Where somebody else writes to it.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        mode: Literal["r", "r+"] = "r",
        *,
        shape: tuple[int, int] | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        if mode not in ("r", "r+"):
            raise ValueError(f"got mode {mode!r}, allowed: 'r', 'r+'")
        self.path = Path(path)
        self.mode = mode
        self._process = os.getpid()
        self._lock = WriterLock(self.path) if mode == "r+" else None
        try:
            self._file = self.path.open("rb" if mode == "r" else "r+b", buffering=0)
        except BaseException:
            self._unlock()
            raise
        try:
            self._header, self._record = read_state(self._file, shape, dtype)
            access = mmap.ACCESS_READ if mode == "r" else mmap.ACCESS_WRITE
            self._mapping = mmap.mmap(self._file.fileno(), self._header.file_bytes, access=access)
        except ValueError as error:
            self._release()
            raise ValueError(f"{self.path}: {error}") from None
        except BaseException:
            self._release()
            raise
        self.shape = self._header.rows, self._header.columns
        self.dtype = self._header.dtype
        self._elements: NDArray[Any] = np.ndarray(
            self.shape, self.dtype, self._mapping, offset=self._header.offset
        )
        self._dirty = np.zeros(self.shape[0], bool)

    @classmethod
    def create(
        cls,
        path: str | os.PathLike[str],
        shape: tuple[int, int],
        dtype: DTypeLike = np.float64,
        *,
        overwrite: bool = False,
    ) -> MappedMatrix:
        """A new matrix of zeros, none of its rows valid, open for writing; errors as of `create_matrix`."""
        create_matrix(Path(path), shape, dtype, overwrite=overwrite)
        return cls(path, "r+")

    @property
    def array(self) -> NDArray[Any]:
        """All of it, read-only. Views outlive `close`: the file stays mapped until the last of them is gone."""
        self._require_open()
        view: NDArray[Any] = self._elements.view()
        view.flags.writeable = False
        return view

    @property
    def valid(self) -> NDArray[np.bool_]:
        """Shape (rows,): written to and flushed."""
        self._require_open()
        return np.array(self._record.valid)

    @property
    def version(self) -> str:
        """Another one for another matrix, and for this one after any change to valid rows."""
        self._require_open()
        return f"{self._header.identity.hex()}-{self._record.number}"

    @property
    def nbytes(self) -> int:
        return self.shape[0] * self._header.row_bytes

    @property
    def is_closed(self) -> bool:
        return self._file.closed

    def __getitem__(self, key: Any) -> Any:
        return self.array[key]

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:  # noqa: FBT001 - NumPy's protocol
        if copy is False and dtype not in (None, self.dtype):
            raise ValueError(f"got copy=False for dtype {np.dtype(dtype)}, allowed: {self.dtype}")
        return np.array(self.array, dtype) if copy else np.asarray(self.array, dtype)

    def __setitem__(self, key: Any, values: ArrayLike) -> None:
        self._require_open()
        if self.mode == "r":
            raise ValueError(f"{self.path}: got a write in mode 'r', allowed: writes in mode 'r+'")
        self._require_own()
        touched = touched_rows(key, *self.shape)
        if np.any(touched & self._record.valid):
            self._note(self._record.valid & ~touched)
        self._elements[key] = values
        self._dirty |= touched

    def read_rows(self, first: int, out: NDArray[Any]) -> None:
        """Copy rows from ``first`` on into ``out`` without mapping them: resident memory stays as it is.

        Raises
        ------
        ValueError
            For an ``out`` of another dtype or number of columns, or not contiguous, and rows beyond the last.
        OSError
            Where the file has become shorter.
        """
        self._require_open()
        if (out.shape[1:], out.dtype) != (self.shape[1:], self.dtype) or not out.flags.c_contiguous:
            raise ValueError(
                f"got out of shape {out.shape}, {out.dtype}, strides {out.strides}; "
                f"allowed: (rows, {self.shape[1]}), {self.dtype}, contiguous by rows"
            )
        first = whole(first, "first")
        if not 0 <= first <= self.shape[0] - len(out):
            raise ValueError(f"got rows {first} to {first + len(out)}, allowed: 0 to {self.shape[0]}")
        at = self._header.offset + first * self._header.row_bytes
        left = memoryview(out.view(np.uint8).ravel())  # type: ignore[arg-type]
        while left:
            count = self._read_at(at + out.nbytes - len(left), left)
            if not count:
                raise OSError(f"{self.path}: got a file that ended, allowed: {self._header.file_bytes} bytes")
            left = left[count:]

    def _read_at(self, offset: int, room: memoryview) -> int:
        if hasattr(os, "preadv"):  # a position of its own: that of the file is shared with forked processes
            return os.preadv(self._file.fileno(), [room], offset)
        self._file.seek(offset)
        return self._file.readinto(room)

    def flush(self) -> None:
        """Have all that was written on the disk, and then the rows noted as valid; their pages are given back."""
        self._require_open()
        if self.mode == "r+" and self._dirty.any():
            self._require_own()
            self._mapping.flush()
            os.fsync(self._file.fileno())  # Windows: what was mapped is on the disk after this
            self._note(self._record.valid | self._dirty)
            self._dirty[:] = False
        self.evict()

    def evict(self) -> None:
        """Give back the memory that shows the file, where the system can be asked to; what was written stays."""
        self._require_open()
        if hasattr(mmap, "MADV_DONTNEED"):
            self._mapping.madvise(mmap.MADV_DONTNEED)

    def close(self) -> None:
        """Flush, and let go of the file. Closing twice is fine. A forked process does not flush."""
        if not self.is_closed:
            try:
                if os.getpid() == self._process:
                    self.flush()
            finally:
                self._release()

    def __enter__(self) -> MappedMatrix:
        self._require_open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._release()

    def _require_open(self) -> None:
        if self.is_closed:
            raise ValueError(f"{self.path}: got use after close, allowed: use before")

    def _require_own(self) -> None:
        if os.getpid() != self._process:
            raise ValueError(
                f"{self.path}: got a write in process {os.getpid()}, forked from {self._process}, which has it open, "
                "allowed: writes there"
            )

    def _note(self, valid: NDArray[np.bool_]) -> None:
        record = Record(self._record.number + 1, valid)
        write_at(self._file, self._header.record_offset(record.number), record.pack())
        self._record = record

    def _release(self) -> None:
        for name in ("_elements", "_mapping"):  # views keep the mapping: then it goes with the last of them
            self.__dict__.pop(name, None)
        self._file.close()
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()
