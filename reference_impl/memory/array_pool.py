"""Arrays reused by shape and dtype, under a byte limit."""

from __future__ import annotations

from contextlib import suppress
from math import gcd
from operator import index
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from reference_impl.memory.errors import PoolError
from reference_impl.memory.ledger import Counted, Ledger, atomic
from reference_impl.memory.requests import normalize, refusal
from reference_impl.memory.shelf import Buffer, LeastRecentlyUsed, Shelf, disown, zeroed_buffer
from reference_impl.uncopied import Uncopied
from reference_impl.whole import whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from numpy.typing import DTypeLike, NDArray

    from reference_impl.memory.shelf import EvictionOrder

__all__ = ["ArrayPool", "Leases"]

_as_view = np.ndarray.view
_ndarray = np.ndarray


class Leases(NamedTuple):
    """``number`` live leases of ``shape`` and ``dtype``, of ``nbytes`` each."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    number: int
    nbytes: int


class ArrayPool(Counted):
    """A pool of NumPy arrays, for temporaries of the same shapes again and again.

    Arrays are **uninitialised**, like those of :func:`numpy.empty`, unless ``zeroed=True`` or :meth:`zeros`
    is used. Each :meth:`acquire` hands out a new array object over a reused buffer, so an array that was
    handed back cannot be taken for the next lease of the same memory. Writing to an array after its release
    is the caller's error, as with any allocator.

    A lease that is dropped without a release frees its memory and counts as freed: nothing leaks, nothing is
    reused while a view of it lives.

    Parameters
    ----------
    max_bytes
        Limit on *idle* bytes, those of released arrays kept for reuse. The buffer released longest ago goes
        first. Leases are the callers' and do not count; an array larger than the limit is never kept.

    Raises
    ------
    PoolError
        When ``max_bytes`` is negative or no whole number.

    Notes
    -----
    Threads may share a pool. Below 32 MB the C library reuses pages by itself, and a pool saves little time;
    above, every :func:`numpy.empty` is a fresh mapping whose pages are zeroed at first touch, and a pool
    saves all of it.
    """

    __slots__ = (
        "__weakref__",
        "_eviction",
        "_is_trimming",
        "_ledger",
        "_shelves",
        "hits",
        "max_bytes",
        "misses",
    )

    _eviction_order: Callable[[dict[Any, Shelf]], EvictionOrder] = LeastRecentlyUsed

    def __init__(self, max_bytes: int = 2**30) -> None:
        self._ledger = Ledger()
        self._shelves: dict[Any, Shelf] = {}  # set before anything can fail: __del__ reads it
        self._eviction = self._eviction_order(self._shelves)
        self._is_trimming = False
        self.hits = 0
        self.misses = 0
        max_bytes = whole(max_bytes, "max_bytes", PoolError)
        if max_bytes < 0:
            raise PoolError(f"got max_bytes={max_bytes}, allowed: >= 0 (0 keeps nothing)")
        self.max_bytes = max_bytes

    def __del__(self) -> None:
        # Shelves and idle buffers refer to each other: without this they would wait for the garbage
        # collector.
        shelves: dict[Any, Shelf] = getattr(self, "_shelves", {})  # none: __init__ was not reached
        for shelf in list(shelves.values()):
            shelf.idle.clear()
        shelves.clear()

    @atomic
    def acquire(self, shape: Any, dtype: DTypeLike = np.float64, *, zeroed: bool = False) -> NDArray[Any]:
        """Hand out a C-contiguous array of ``shape`` (an int or ints) and ``dtype``; zeros only if
        ``zeroed``.

        Raises
        ------
        PoolError
            For a negative or too large shape and for dtypes that hold Python objects.
        MemoryError
            When the system has no memory left, even after the idle buffers were given back.
        """
        try:
            # 2.0 is not refused by the dictionary, to which it is 2.
            gcd(*shape) if type(shape) is tuple else index(shape)
            shelf = self._shelves[shape, dtype]
            buffer = shelf.idle.pop()
        except (
            KeyError,
            IndexError,
            TypeError,
        ):
            return self._acquire_slowly(shape, dtype, zeroed)
        array = _as_view(buffer, _ndarray)
        buffer.lease = id(array)
        self.hits += 1
        ledger = self._ledger
        ledger.allocated = allocated = ledger.allocated + shelf.nbytes
        if allocated > ledger.high_allocated:  # noqa: PLR1730 - max() is a call: slower, and threads may switch
            ledger.high_allocated = allocated
        if zeroed:
            array[...] = np.zeros((), array.dtype)
        return array

    @atomic
    def release(self, array: NDArray[Any]) -> None:
        """Hand ``array`` back. It must be the very object that :meth:`acquire` returned.

        Raises
        ------
        PoolError
            For an array handed back before, a foreign one, one of another pool, or a view. The pool is
            unchanged.
        """
        name = id(array)
        try:
            buffer = array.base
            shelf = buffer.shelf  # type: ignore[union-attr]
            # From here to the assignment there is no call: of two threads, one gets past.
            if buffer.lease != name or shelf.shelves is not self._shelves:  # type: ignore[union-attr]
                raise refusal(array, self._shelves)
            buffer.lease = None  # type: ignore[union-attr]
        except AttributeError:
            raise refusal(array, self._shelves) from None
        ledger = self._ledger
        ledger.frees = buffer.tick = ledger.frees + 1  # type: ignore[union-attr]
        ledger.allocated -= shelf.nbytes
        shelf.releases += 1
        shelf.idle.append(buffer)
        if ledger.reserved - ledger.allocated > self.max_bytes:
            self._make_room(shelf)

    def zeros(self, shape: Any, dtype: DTypeLike = np.float64) -> NDArray[Any]:
        """:meth:`acquire`, filled with zeros."""
        return self.acquire(shape, dtype, zeroed=True)

    def array(self, shape: Any, dtype: DTypeLike = np.float64, *, zeroed: bool = False) -> _Scope:
        """A context manager: acquires on entry, releases on exit."""
        return _Scope(self, shape, dtype, zeroed)

    def empty_cache(self) -> None:
        """Give all idle buffers back to the system."""
        self._trim(-1)  # below zero: empty arrays go as well

    def reset_high_water(self) -> None:
        """Let both high-water marks start again from the present values."""
        ledger = self._ledger
        ledger.high_allocated = ledger.allocated
        ledger.high_reserved = ledger.reserved

    def largest_leases(self, count: int = 10) -> list[Leases]:
        """What takes the most memory just now: live leases by shape and dtype, the largest sum first."""
        shelves = {id(shelf): shelf for shelf in self._shelves.copy().values()}.values()
        found = [
            Leases(shelf.keys[0][0], shelf.keys[0][1], shelf.buffers - len(shelf.idle), shelf.nbytes)
            for shelf in shelves
        ]
        live = [leases for leases in found if leases.number > 0]
        return sorted(live, key=lambda leases: leases.number * leases.nbytes, reverse=True)[:count]

    def _acquire_slowly(self, shape: Any, dtype: DTypeLike, zeroed: bool) -> NDArray[Any]:  # noqa: FBT001
        key = normalize(shape, dtype)
        ledger = self._ledger
        with ledger.lock:
            shelf = new = Shelf(self._shelves, ledger, key)
            # No call here, where a finalizer could come between: the shelf must not go before it is counted.
            if key in self._shelves:
                shelf = self._shelves[key]
            else:
                self._shelves[key] = shelf
            shelf.buffers += 1
            if shelf is new:
                self._eviction.add(shelf, ledger.frees)
            try:
                buffer = shelf.idle.pop()
                shelf.buffers -= 1
                self.hits += 1
            except IndexError:
                buffer = self._new_buffer(shelf, key, zeroed)
                self.misses += 1
                zeroed = False
            self._learn(shelf, (shape, dtype))
            array = _as_view(buffer, _ndarray)
            buffer.lease = id(array)
            ledger.allocated = allocated = ledger.allocated + shelf.nbytes
            if allocated > ledger.high_allocated:  # noqa: PLR1730 - as in acquire()
                ledger.high_allocated = allocated
        if zeroed:
            array[...] = np.zeros((), array.dtype)
        return array

    def _new_buffer(self, shelf: Shelf, key: tuple[Any, Any], zeroed: bool) -> Buffer:  # noqa: FBT001
        buffer: Buffer
        # Pages that are zeros of the system's are not touched: whoever writes to them pays for them.
        new = zeroed_buffer if zeroed else Buffer
        try:
            try:
                buffer = new(*key)
            except MemoryError:
                self.empty_cache()
                buffer = new(*key)
        except BaseException:
            shelf.lose_buffer()
            raise
        buffer.shelf = shelf
        shelf.nbytes = buffer.nbytes
        ledger = self._ledger
        ledger.reserved = reserved = ledger.reserved + shelf.nbytes
        ledger.high_reserved = max(ledger.high_reserved, reserved)
        return buffer

    def _learn(self, shelf: Shelf, words: Any) -> None:
        with suppress(TypeError):  # a list as the shape
            if self._shelves.get(words) is not shelf:
                shelf.answer_to(words)

    def _make_room(self, shelf: Shelf) -> None:
        with suppress(IndexError):
            while shelf.nbytes > self.max_bytes:  # too large to keep: must not push out what fits
                disown(shelf.idle.pop())
        self._trim(self.max_bytes)

    def _trim(self, limit_bytes: int) -> None:
        ledger = self._ledger
        with ledger.lock:
            # A finalizer leaves it to the loop that it came into.
            while not self._is_trimming and ledger.reserved - ledger.allocated > limit_bytes:
                self._is_trimming = True
                try:
                    now = ledger.frees
                    buffer = self._eviction.pop(now)
                    if buffer is not None:
                        disown(buffer)
                    elif now == ledger.frees:
                        return
                finally:
                    self._is_trimming = False

    @property
    def largest_free_bytes(self) -> int:
        """Bytes of the largest idle buffer."""
        return max((shelf.nbytes for shelf in self._shelves.copy().values() if shelf.idle), default=0)


class _Scope(Uncopied):
    """The lease of a ``with`` block."""

    __slots__ = ("_array", "_pool", "_request")

    def __init__(self, pool: ArrayPool, *request: Any) -> None:
        self._pool = pool
        self._request = request
        self._array: NDArray[Any] | None = None

    def __enter__(self) -> NDArray[Any]:
        if self._array is not None:
            raise PoolError("this lease is already entered; ask the pool for another one with array()")
        shape, dtype, zeroed = self._request
        self._array = self._pool.acquire(shape, dtype, zeroed=zeroed)
        return self._array

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        array, self._array = self._array, None
        assert array is not None
        self._pool.release(array)
