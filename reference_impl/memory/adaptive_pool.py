"""An array pool that keeps what is asked for often, within a share of the machine."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil

from reference_impl.memory.array_pool import ArrayPool
from reference_impl.memory.errors import PoolError, PoolExhaustedError
from reference_impl.memory.shelf import LeastFrequentlyUsed
from reference_impl.whole import whole

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

    from reference_impl.memory.shelf import Buffer, Shelf

__all__ = ["AdaptivePool", "bytes_of"]

_SIZE = re.compile(r"\s*(\d+(?:\.\d*)?)\s*([kKMGT]?)(i?)B\s*")


def bytes_of(size: int | str) -> int:
    """``2 * 10**9`` of ``"2GB"``, ``2**31`` of ``"2 GiB"``; a number is bytes already.

    Raises
    ------
    PoolError
        For another unit, and a negative number or one that is not whole.
    """
    if isinstance(size, str):
        found = _SIZE.fullmatch(size)
        if found is None:
            raise PoolError(
                f"got size {size!r}, allowed: a number of B, kB, MB, GB, TB, KiB, MiB, GiB or TiB"
            )
        value, prefix, binary = found.groups()
        return int(
            float(value) * (1024 if binary else 1000) ** " kMGT".index(prefix.replace("K", "k") or " ")
        )
    number = whole(size, "size", PoolError)
    if number < 0:
        raise PoolError(f"got {number} B, allowed: >= 0")
    return number


class AdaptivePool(ArrayPool):
    """An :class:`ArrayPool` in which the rarely used goes first, and that has a limit for everything it holds.

    How often arrays of a shape and dtype were released decides, and older releases count half again and again: a
    burst of large temporaries does not push out what every step needs.

    Parameters
    ----------
    cache_size
        Limit on idle bytes: a number or such as ``"2GB"``.
    memory_fraction
        Share of the machine's memory that leases and idle buffers may take together, above 0 and up to 1. Idle ones
        make room for leases.

    Raises
    ------
    PoolError
        For a size that is none, and another fraction.
    """

    __slots__ = ("limit_bytes",)
    _eviction_order = LeastFrequentlyUsed

    def __init__(self, cache_size: int | str = "1GiB", *, memory_fraction: float = 1.0) -> None:
        super().__init__()
        self.max_bytes = bytes_of(cache_size)
        if not 0 < memory_fraction <= 1:
            raise PoolError(f"got memory_fraction={memory_fraction}, allowed: above 0, at most 1")
        self.limit_bytes = int(memory_fraction * psutil.virtual_memory().total)

    def _new_buffer(self, shelf: Shelf, key: tuple[Any, DTypeLike], zeroed: bool) -> Buffer:  # noqa: FBT001
        shape, dtype = key
        nbytes = math.prod(shape) * np.dtype(dtype).itemsize
        if self.allocated_bytes + nbytes > self.limit_bytes:
            shelf.lose_buffer()
            raise PoolExhaustedError(
                f"got {nbytes} B, allowed: up to {self.limit_bytes - self.allocated_bytes} B beside "
                f"{self.allocated_bytes} B of leases"
            )
        self._trim(self.limit_bytes - self.allocated_bytes - nbytes)
        return super()._new_buffer(shelf, key, zeroed)
