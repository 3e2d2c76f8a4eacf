"""What a pool is asked for, checked; and why an array handed back is refused."""

from __future__ import annotations

import math
import operator
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from reference_impl.memory.errors import PoolError
from reference_impl.memory.shelf import Buffer, Shelf

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

__all__ = ["normalize", "refusal"]


def normalize(shape: Any, dtype: DTypeLike) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape as a tuple of ints and dtype as :class:`numpy.dtype`, fit for raw memory.

    Raises
    ------
    PoolError
        For a negative, fractional or too large shape, and for dtypes that hold Python objects.
    """
    resolved = np.dtype(dtype)
    if resolved.hasobject:
        raise PoolError(
            f"got dtype {resolved}, which holds objects; allowed: raw memory (np.empty takes objects)"
        )
    try:
        lengths = tuple(map(operator.index, shape)) if np.iterable(shape) else (operator.index(shape),)
    except TypeError:
        raise PoolError(f"got shape {shape!r}, allowed: an int or a sequence of ints, each >= 0") from None
    if any(length < 0 for length in lengths):
        raise PoolError(f"got shape {lengths}, allowed: lengths >= 0")
    # NumPy refuses by the product of the non-zero lengths, an empty array included.
    if math.prod(length or 1 for length in lengths) * max(resolved.itemsize, 1) > sys.maxsize:
        raise PoolError(f"got shape {lengths} of {resolved}: more bytes than can be addressed")
    return lengths, resolved


def refusal(array: object, shelves: dict[Any, Shelf]) -> PoolError:
    """Why ``array`` is not a live lease of the pool with these ``shelves``."""
    if not isinstance(array, np.ndarray):
        return PoolError(f"got {type(array).__name__}, allowed: the array that acquire() handed out")
    what = f"array of shape {array.shape}, {array.dtype}"
    base, steps = array.base, 1
    while base is not None and not isinstance(base, Buffer):
        base, steps = getattr(base, "base", None), steps + 1
    if base is None:
        return PoolError(f"got a foreign {what}; release() takes only what this pool's acquire() handed out")
    if base.shelf is not None and base.shelf.shelves is not shelves:
        return PoolError(f"got an {what} of another pool; release it there")
    if steps > 1:
        return PoolError(f"got a view of a lease, an {what}; release the whole array it is part of")
    return PoolError(f"got an {what} that was handed back before; release each lease once")
