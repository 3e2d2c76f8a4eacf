"""An array that is made when somebody needs it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import DTypeLike, NDArray

__all__ = ["LazyArray"]


class LazyArray(NDArrayOperatorsMixin):
    """Calls ``producer`` once, at the first use, and keeps what it gave.

    Works where NumPy takes arrays: functions, ufuncs, operators, indexing, ``len``. Threads that use it at the same
    time wait for the one call. The producer is let go of afterwards, with all it refers to; when it raises, the
    error is the caller's, and the next use calls it again.
    """

    def __init__(self, producer: Callable[[], Any]) -> None:
        self._producer: Callable[[], Any] | None = producer
        self._value: NDArray[Any] | None = None
        self._lock = threading.RLock()
        self._evaluating = False

    @property
    def is_evaluated(self) -> bool:
        return self._value is not None

    @property
    def value(self) -> NDArray[Any]:
        """The array; RuntimeError where the producer uses it."""
        if self._value is None:  # after the first use there is no lock to pass
            with self._lock:
                if self._value is None:
                    self._value = self._evaluated()
                    self._producer = None
        return self._value

    def _evaluated(self) -> NDArray[Any]:
        if self._evaluating:
            raise RuntimeError("the producer of this LazyArray uses its value, allowed: anything else")
        assert self._producer is not None
        self._evaluating = True
        try:
            return np.asarray(self._producer())
        finally:
            self._evaluating = False

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:  # noqa: FBT001
        value = self.value
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
        return len(self.value)

    def __getitem__(self, index: Any) -> Any:
        return self.value[index]

    def __repr__(self) -> str:
        if self._value is None:
            return "LazyArray(not evaluated)"
        return f"LazyArray(shape={self._value.shape}, dtype={self._value.dtype})"


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, LazyArray) else value
