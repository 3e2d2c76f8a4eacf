"""Sizes that a pool deals in: few enough that what was freed fits the next request, close enough to waste little."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from reference_impl.memory.device.sources import ALIGNMENT_BYTES
from reference_impl.memory.errors import PoolError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["SizeClasses"]

_STEPS_PER_DOUBLING = 4  # a block is at most a quarter larger than what was asked for
_FEWEST_UNITS = 4  # below, every multiple of the alignment is a class
_MOST_KNOWN = 1024


class SizeClasses:
    """Four classes per doubling, or the ``given`` ones, each rounded up to a multiple of 512 bytes.

    Raises
    ------
    PoolError
        For no classes at all, and sizes below one byte.
    """

    def __init__(self, given: Sequence[int] | None = None) -> None:
        if given is not None and (not given or min(given) < 1):
            raise PoolError(f"got size_classes={list(given)}, allowed: one size at least, each >= 1 B")
        self.known: dict[int, int] = {}  # answers, by what was asked
        self.given = sorted({_aligned(size) for size in given or ()})

    def of(self, nbytes: int) -> int:
        """Bytes of the class for a request. What is larger than every given class is a class of its own."""
        size = self.known.get(nbytes)
        if size is None:
            if len(self.known) >= _MOST_KNOWN:
                self.known.clear()
            size = self.known[nbytes] = self._of(_aligned(max(1, nbytes)))
        return size

    def _of(self, size: int) -> int:
        if self.given:
            at = bisect_left(self.given, size)
            return self.given[at] if at < len(self.given) else size
        units = size // ALIGNMENT_BYTES
        if units <= _FEWEST_UNITS:
            return size
        step = (1 << ((units - 1).bit_length() - 1)) // _STEPS_PER_DOUBLING
        return -(-units // step) * step * ALIGNMENT_BYTES

    def keeps(self, size: int) -> bool:
        """Whether idle blocks of this size wait for another request."""
        return not self.given or size <= self.given[-1]


def _aligned(nbytes: int) -> int:
    return -(-nbytes // ALIGNMENT_BYTES) * ALIGNMENT_BYTES
