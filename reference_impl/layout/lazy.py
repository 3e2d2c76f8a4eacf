"""An array that is made when somebody needs it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from reference_impl.layout.face import ArrayFace

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["LazyArray"]


class LazyArray(ArrayFace):
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

    def _array(self) -> NDArray[Any]:
        return self.value

    def __repr__(self) -> str:
        if self._value is None:
            return "LazyArray(not evaluated)"
        return f"LazyArray(shape={self._value.shape}, dtype={self._value.dtype})"
