"""What a block pool hands out."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from reference_impl.memory.arena import new_owner, owner_of
from reference_impl.memory.errors import PoolError
from reference_impl.memory.requests import normalize
from reference_impl.uncopied import Uncopied

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import DTypeLike, NDArray

    from reference_impl.memory.arena import Owner, Span
    from reference_impl.memory.block_pool import BlockPool
    from reference_impl.memory.thread_caches import ThreadCaches

__all__ = ["Block", "lease", "refusal"]


class Block(Uncopied):
    """``nbytes`` bytes of a pool, at a multiple of its alignment.

    A block that is dropped, and not freed, goes back to its pool too. In either way the memory is reused once no
    array of it lives.
    """

    __slots__ = ("nbytes", "pool", "span")

    def __init__(self, pool: BlockPool | ThreadCaches, nbytes: int) -> None:
        self.pool, self.nbytes = pool, nbytes
        self.span: Span | None = None  # the pool gives it one

    def __del__(self) -> None:
        span = getattr(self, "span", None)
        if span is not None:
            self.pool.orphans.append(span)  # one step: whatever the pool is doing at this moment

    def __repr__(self) -> str:
        state = "freed" if self.span is None else f"at {self.address:#x}"
        return f"<Block of {self.nbytes} B, {state}>"

    @property
    def address(self) -> int:
        """Of the first byte; :meth:`BlockPool.compact` changes it where no array lives."""
        span = self._span()
        return span.arena.memory.ctypes.data + (span.start - span.arena.start) * self.pool.alignment

    def array(self, shape: Any, dtype: DTypeLike = np.float64) -> NDArray[Any]:
        """The block's memory as an array of ``shape`` and ``dtype``; uninitialised, as by :func:`numpy.empty`.

        Raises
        ------
        PoolError
            After the block was freed, for more bytes than it has, a negative shape, and dtypes that hold objects.
        """
        shape, dtype = normalize(shape, dtype)
        nbytes = math.prod(shape) * dtype.itemsize
        if nbytes > self.nbytes:
            raise PoolError(
                f"got shape {shape} of {dtype}, {nbytes} B, allowed: {self.nbytes} B of the block"
            )
        return np.ndarray(shape, dtype, buffer=self.owner())  # type: ignore[no-any-return]

    def owner(self) -> Owner:
        """What keeps the block's memory from others, as the ``base`` of arrays; errors as of :meth:`array`."""
        with self.pool.lock:
            span = self._span()
            owner = owner_of(span)
            return new_owner(span, self.pool.alignment) if owner is None else owner

    def _span(self) -> Span:
        if self.span is None:
            raise PoolError(f"this block of {self.nbytes} B was freed")
        return self.span


@contextmanager
def lease(pool: BlockPool | ThreadCaches, nbytes: int) -> Iterator[Block]:
    """A block of ``pool`` for the time of a ``with`` statement."""
    block = pool.allocate(nbytes)
    try:
        yield block
    finally:
        pool.free(block)


def refusal(block: object) -> PoolError:
    """Why ``block`` is no live block of a pool."""
    if not isinstance(block, Block):
        return PoolError(f"got {type(block).__name__}, allowed: what allocate() handed out")
    if block.span is None:
        return PoolError(f"this block of {block.nbytes} B was freed before; free each block once")
    return PoolError(f"got a block of {block.nbytes} B of another pool; free it there")
