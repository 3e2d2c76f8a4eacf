"""Arrays of one dtype out of a block pool."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from reference_impl.memory.arena import Owner
from reference_impl.memory.block_pool import BlockPool
from reference_impl.memory.errors import PoolError
from reference_impl.memory.requests import normalize

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import DTypeLike, NDArray

    from reference_impl.memory.thread_caches import ThreadCaches

__all__ = ["TypedPool", "TypedPools", "typed_pools"]


class TypedPool:
    """Arrays of ``dtype`` whose memory is ``pool``'s, which several typed pools may share.

    An array that is dropped without a release goes back too. In either way its memory is reused once neither it nor
    a view of it lives, so that nobody can write into another's array.

    Raises
    ------
    PoolError
        For a dtype that holds Python objects.
    """

    def __init__(self, pool: BlockPool | ThreadCaches, dtype: DTypeLike = np.float64) -> None:
        _, self.dtype = normalize((), dtype)
        self.pool = pool

    def acquire(self, shape: Any) -> NDArray[Any]:
        """A C-contiguous array of ``shape``, uninitialised; errors as of :meth:`BlockPool.allocate`."""
        lengths, _ = normalize(shape, self.dtype)
        block = self.pool.allocate(math.prod(lengths) * self.dtype.itemsize)
        owner = block.owner()
        array: NDArray[Any] = np.ndarray(lengths, self.dtype, buffer=owner)
        owner.block, owner.lease = block, id(array)
        return array

    def release(self, array: NDArray[Any]) -> None:
        """Hand ``array`` back. It must be the very object that :meth:`acquire` returned.

        Raises
        ------
        PoolError
            For an array handed back before, one of another pool, a view, and what is no array of a pool.
        """
        owner = getattr(array, "base", None)
        if not (
            isinstance(owner, Owner)  # that of a view is the lease
            and (block := owner.block) is not None
            and owner.lease == id(array)
            and block.pool is self.pool
            and array.dtype == self.dtype
        ):
            raise _refusal(self, array)
        owner.block = None
        self.pool.free(block)

    @contextmanager
    def array(self, shape: Any) -> Iterator[NDArray[Any]]:
        """:meth:`acquire` on entry, :meth:`release` on exit."""
        array = self.acquire(shape)
        try:
            yield array
        finally:
            self.release(array)


class TypedPools(NamedTuple):
    """Of float64, complex128 and int64, over one :class:`BlockPool`."""

    real: TypedPool
    complex: TypedPool
    integer: TypedPool


def typed_pools(capacity_bytes: int, **options: Any) -> TypedPools:
    """The three over a new :class:`BlockPool`, which takes the arguments; its counters are ``pools.real.pool``'s."""
    pool = BlockPool(capacity_bytes, **options)
    return TypedPools(*(TypedPool(pool, dtype) for dtype in (np.float64, np.complex128, np.int64)))


def _refusal(typed: TypedPool, array: Any) -> PoolError:
    """Why ``array`` is not a live lease of ``typed``."""
    what = f"{type(array).__name__} of shape {np.shape(array)}"
    owner = getattr(array, "base", None)
    while owner is not None and not isinstance(owner, Owner):
        owner = getattr(owner, "base", None)
    if owner is None:
        return PoolError(f"got a foreign {what}, allowed: what this pool's acquire() handed out")
    if owner.block is not None and (owner.block.pool is not typed.pool or array.dtype != typed.dtype):
        return PoolError(f"got a {what} and {array.dtype} of another pool; release it there")
    if owner.lease != id(array):
        return PoolError(f"got a view of a lease, a {what}; release the whole array it is part of")
    return PoolError(f"got a {what} that was handed back before; release each lease once")
