"""Arrays that are given back exactly once: by hand, at the end of a scope, or when nobody has them any more."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from reference_impl.layout.face import ArrayFace
from reference_impl.memory.errors import PoolError
from reference_impl.memory.requests import normalize
from reference_impl.uncopied import Uncopied

if TYPE_CHECKING:
    from types import TracebackType

    from numpy.typing import DTypeLike, NDArray
    from typing_extensions import Self

__all__ = ["ManagedMatrix", "SmartArray"]


class Pool(Protocol):
    """Such as :class:`ArrayPool`."""

    def zeros(self, shape: Any, dtype: DTypeLike) -> NDArray[Any]: ...
    def release(self, array: NDArray[Any]) -> None: ...


class SmartArray(Uncopied, ArrayFace):
    """An array with an owner: zeros at first, and an error after its release.

    NumPy takes it for the array that it holds; results are plain arrays.

    Parameters
    ----------
    shape, dtype
        As :func:`numpy.zeros` takes them, but no Python objects.
    pool
        Where the memory comes from and goes to; the system's when not given.

    Raises
    ------
    PoolError
        For a shape or dtype that the pool refuses.
    """

    __slots__ = ("__weakref__", "_held", "_release")

    def __init__(self, shape: Any, dtype: DTypeLike = np.float64, *, pool: Pool | None = None) -> None:
        array = np.zeros(*normalize(shape, dtype)) if pool is None else pool.zeros(shape, dtype)
        self._held: NDArray[Any] | None = array
        self._release = None if pool is None else weakref.finalize(self, pool.release, array)

    @property
    def array(self) -> NDArray[Any]:
        """The array itself.

        Raises
        ------
        PoolError
            After the release.
        """
        if self._held is None:
            raise PoolError(f"this {type(self).__name__} was released")
        return self._held

    @property
    def is_released(self) -> bool:
        return self._held is None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.array.dtype

    @property
    def nbytes(self) -> int:
        return self.array.nbytes

    def release(self) -> None:
        """Give the memory back; a second time does nothing. Views of it must not be used any more."""
        self._held = None
        if self._release is not None:
            self._release()  # does nothing the second time

    def __enter__(self) -> Self:
        self.array  # noqa: B018 - an error after the release
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _array(self) -> NDArray[Any]:
        return self.array

    def __setitem__(self, key: Any, value: Any) -> None:
        self.array[key] = value

    def __repr__(self) -> str:
        if self._held is None:
            return f"<{type(self).__name__}, released>"
        return f"<{type(self).__name__} of shape {self.shape}, {self.dtype}>"


class ManagedMatrix(SmartArray):
    """A :class:`SmartArray` of ``rows`` by ``columns``, complex128 unless told otherwise."""

    __slots__ = ()

    def __init__(
        self, rows: int, columns: int, dtype: DTypeLike = np.complex128, *, pool: Pool | None = None
    ) -> None:
        super().__init__((rows, columns), dtype, pool=pool)
