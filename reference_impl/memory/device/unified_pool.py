"""Arrays that are on the host or on the device, wherever they are worked on."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from reference_impl.memory.errors import PoolError
from reference_impl.memory.requests import normalize

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import DTypeLike, NDArray

    from reference_impl.memory.device.device_pool import DevicePool

__all__ = ["Traffic", "UnifiedArray", "UnifiedPool"]


class Traffic(NamedTuple):
    """Bytes that were moved, and how many arrays had to make room on the device."""

    to_device_bytes: int
    to_host_bytes: int
    evictions: int


class UnifiedPool:
    """Arrays over two pools. When the device has no room, what was used there the longest time ago goes to the host.

    An array is in one place at a time; :attr:`traffic` tells how much that costs.

    Parameters
    ----------
    host, device
        A :class:`PinnedPool`, from which copies are fast, and a :class:`DevicePool`. Their counters tell what is where;
        those of this pool are of both together, and its high-water marks are those that its own arrays made.
    """

    def __init__(self, host: DevicePool, device: DevicePool) -> None:
        self.host, self.device = host, device
        self.lock = RLock()
        self.traffic = Traffic(0, 0, 0)
        self.reset_high_water()
        self._on_device: OrderedDict[int, weakref.ref[UnifiedArray]] = (
            OrderedDict()
        )  # by use, the last one last

    def array(self, shape: Any, dtype: DTypeLike = np.float64) -> UnifiedArray:
        """An array of ``shape``, uninitialised, that takes no memory before it is used somewhere.

        Raises
        ------
        PoolError
            For a negative shape and dtypes that hold objects.
        """
        return UnifiedArray(self, *normalize(shape, dtype))

    @property
    def allocated_bytes(self) -> int:
        return self.host.allocated_bytes + self.device.allocated_bytes

    @property
    def reserved_bytes(self) -> int:
        return self.host.reserved_bytes + self.device.reserved_bytes

    @property
    def high_water_allocated_bytes(self) -> int:
        return max(self._high_allocated, self.allocated_bytes)

    @property
    def high_water_reserved_bytes(self) -> int:
        return max(self._high_reserved, self.reserved_bytes)

    def reset_high_water(self) -> None:
        """Let both marks start again from the present values."""
        self._high_allocated, self._high_reserved = self.allocated_bytes, self.reserved_bytes

    @property
    def free_bytes(self) -> int:
        return self.reserved_bytes - self.allocated_bytes

    @property
    def hits(self) -> int:
        return self.host.hits + self.device.hits

    @property
    def misses(self) -> int:
        return self.host.misses + self.device.misses

    @property
    def allocations(self) -> int:
        return self.hits + self.misses

    @property
    def frees(self) -> int:
        return self.host.frees + self.device.frees

    def room_on_host(self, array: UnifiedArray) -> NDArray[Any]:
        """New memory there for ``array``."""
        values: NDArray[Any] = self.host.array(array.shape, array.dtype)
        self._raise_marks()
        return values

    def room_on_device(self, array: UnifiedArray) -> Any:
        """New memory there for ``array``, whatever has to leave for it."""
        while True:
            try:
                values = self.device.array(array.shape, array.dtype)
            except MemoryError:
                if not self._evict():
                    raise
            else:
                self._raise_marks()
                return values

    def _raise_marks(self) -> None:
        """While an array moves it is in both places."""
        self._high_allocated = self.high_water_allocated_bytes
        self._high_reserved = self.high_water_reserved_bytes

    def arrived(self, array: UnifiedArray) -> None:
        """Note that ``array`` is used on the device now."""
        self._on_device[id(array)] = weakref.ref(array)
        self._on_device.move_to_end(id(array))

    def left(self, array: UnifiedArray) -> None:
        self._on_device.pop(id(array), None)

    def moved(self, *, to_device: int = 0, to_host: int = 0, evictions: int = 0) -> None:
        there, back, evicted = self.traffic
        self.traffic = Traffic(there + to_device, back + to_host, evicted + evictions)

    def _evict(self) -> bool:
        """Move one array off the device; false where none can be."""
        for key, reference in list(self._on_device.items()):
            array = reference()
            if array is None:  # dropped
                self._on_device.pop(key, None)  # its finalizer may have been quicker
            elif not array.users:
                array.host()
                self.moved(evictions=1)
                return True
        return False


class UnifiedArray:
    """An array of ``shape`` and ``dtype`` that moves to where it is asked for. Made by :meth:`UnifiedPool.array`."""

    def __init__(self, pool: UnifiedPool, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.shape, self.dtype = shape, dtype
        self.users = 0  # with blocks of on_device() that are open
        self._pool = pool
        self._values: Any = None
        self._is_on_device = False

    def __del__(self) -> None:
        self._pool.left(self)

    def __repr__(self) -> str:
        place = (
            "nowhere yet"
            if self._values is None
            else "on the device"
            if self._is_on_device
            else "on the host"
        )
        return f"<UnifiedArray of shape {self.shape}, {self.dtype}, {place}>"

    def host(self) -> NDArray[Any]:
        """The values as a NumPy array, moved to the host if they are not there.

        What was taken of it before is no longer this array's once it has moved on.

        Raises
        ------
        PoolError
            While it is used on the device.
        """
        with self._pool.lock:
            if self.users:
                raise PoolError(f"{self!r} is used on the device; leave the with block of on_device() first")
            if self._values is None or self._is_on_device:
                values = self._pool.room_on_host(self)
                if self._is_on_device:
                    self._pool.device.source.read(_address(self._values), values)
                    self._pool.moved(to_host=values.nbytes)
                    self._pool.left(self)
                self._values, self._is_on_device = values, False
            return self._values  # type: ignore[no-any-return]

    @contextmanager
    def on_device(self) -> Iterator[Any]:
        """The values as an array of the device, which stay there for the ``with`` block at least.

        Raises
        ------
        MemoryError
            When everything else on the device is in use, and there is no room beside it.
        """
        with self._pool.lock:
            if not self._is_on_device:
                there = self._pool.room_on_device(self)
                if self._values is not None:
                    self._pool.device.source.write(_address(there), self._values)
                    self._pool.moved(to_device=self._values.nbytes)
                self._values, self._is_on_device = there, True
            self._pool.arrived(self)
            self.users += 1
        try:
            yield self._values
        finally:
            with self._pool.lock:
                self.users -= 1


def _address(array: Any) -> int:
    """Of the first byte; CuPy and NumPy name it differently."""
    return int(array.ctypes.data if isinstance(array, np.ndarray) else array.data.ptr)
