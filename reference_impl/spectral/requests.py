"""What is to be transformed, and where field and spectrum lie in one buffer."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from reference_impl.layout.aligned import CACHE_LINE_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import DTypeLike, NDArray

__all__ = ["Request", "requested"]

_SPECTRA: dict[str, np.dtype[Any]] = {"f": np.dtype(np.complex64), "d": np.dtype(np.complex128)}
_ALLOWED = "float32, float64, complex64, complex128"


@dataclass(frozen=True, slots=True)
class Request:
    """A field of ``shape`` and ``dtype``, transformed over ``axes``, the last of which a real field has half of."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    axes: tuple[int, ...]

    @property
    def is_real(self) -> bool:
        return self.dtype.kind == "f"

    @property
    def points(self) -> int:
        """Of one transform: what an inverse without its scale is too large by."""
        return math.prod(self.shape[axis] for axis in self.axes)

    @property
    def spectrum_dtype(self) -> np.dtype[Any]:
        return _SPECTRA.get(self.dtype.char, self.dtype)

    @property
    def spectrum_shape(self) -> tuple[int, ...]:
        if not self.is_real:
            return self.shape
        half = list(self.shape)
        half[self.axes[-1]] = half[self.axes[-1]] // 2 + 1
        return tuple(half)

    @property
    def is_in_place(self) -> bool:
        """Whether field and spectrum are the same memory: rows of a real field then end in what a spectrum has more."""
        return not self.is_real or self.axes[-1] == len(self.shape) - 1

    @property
    def nbytes(self) -> int:
        return self._spectrum_bytes if self.is_in_place else self._field_room + self._spectrum_bytes

    def views(self, buffer: NDArray[np.uint8]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Field and spectrum in ``buffer``, which has ``nbytes``."""
        start = 0 if self.is_in_place else self._field_room
        flat = buffer[start : start + self._spectrum_bytes]
        spectrum = flat.view(self.spectrum_dtype).reshape(self.spectrum_shape)
        if self.is_in_place:
            return spectrum.view(self.dtype)[..., : self.shape[-1]], spectrum
        field_bytes = math.prod(self.shape) * self.dtype.itemsize
        return buffer[:field_bytes].view(self.dtype).reshape(self.shape), spectrum

    @property
    def _spectrum_bytes(self) -> int:
        return math.prod(self.spectrum_shape) * self.spectrum_dtype.itemsize

    @property
    def _field_room(self) -> int:
        """Bytes of the field, up to where the spectrum is as aligned as the buffer."""
        nbytes: int = math.prod(self.shape) * self.dtype.itemsize
        return -(-nbytes // CACHE_LINE_BYTES) * CACHE_LINE_BYTES


def requested(
    shape: int | Iterable[int], dtype: DTypeLike, axes: int | Iterable[int] | None = None
) -> Request:
    """The request in these words, checked.

    Raises
    ------
    ValueError
        For lengths below 1, axes that are not there or named twice, and dtypes other than four.
    """
    return _normalized(
        _integers("shape", shape), np.dtype(dtype), None if axes is None else _integers("axes", axes)
    )


@lru_cache(maxsize=256)
def _normalized(shape: tuple[int, ...], resolved: np.dtype[Any], axes: tuple[int, ...] | None) -> Request:
    if resolved.char not in "fdFD" or not resolved.isnative:
        raise ValueError(f"got dtype {resolved.str}, allowed: {_ALLOWED}, in this machine's byte order")
    dimensions = len(shape)
    if not dimensions or min(shape) < 1:
        raise ValueError(f"got shape {shape}, allowed: one length or more, each >= 1")
    if axes is None:
        axes = tuple(range(dimensions))
    named = tuple(axis + dimensions if axis < 0 else axis for axis in axes)
    if not named or any(not 0 <= axis < dimensions for axis in named) or len(set(named)) < len(named):
        raise ValueError(
            f"got axes {axes} of shape {shape}, allowed: different ones of {-dimensions} to {dimensions - 1}"
        )
    return Request(shape, resolved, named)


def _integers(name: str, given: int | Iterable[int]) -> tuple[int, ...]:
    try:
        return tuple(map(operator.index, given)) if np.iterable(given) else (operator.index(given),)
    except TypeError:
        raise ValueError(f"got {name} {given!r}, allowed: an int or ints") from None
