"""What makes NumPy take an object for the array that it holds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

__all__ = ["ArrayFace"]


class ArrayFace(NDArrayOperatorsMixin, ABC):
    """Functions, ufuncs, operators, indexing and ``len`` of the array; results are plain arrays."""

    __slots__ = ()

    @abstractmethod
    def _array(self) -> NDArray[Any]:
        """The array itself, or an error where there is none."""

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:  # noqa: FBT001
        value = self._array()
        same = dtype is None or np.dtype(dtype) == value.dtype
        if copy is False and not same:
            raise ValueError(f"got copy=False and dtype {np.dtype(dtype)}, allowed: {value.dtype}, or a copy")
        if same:
            return value.copy() if copy else value
        return value.astype(dtype)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        out = options.get("out")
        if out is not None:
            options["out"] = tuple(map(_plain, out))
        return getattr(ufunc, method)(*map(_plain, inputs), **options)

    def __len__(self) -> int:
        return len(self._array())

    def __getitem__(self, index: Any) -> Any:
        return self._array()[index]


def _plain(value: Any) -> Any:
    return value._array() if isinstance(value, ArrayFace) else value  # noqa: SLF001 - its own kind
