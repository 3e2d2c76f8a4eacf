"""The pool of a CUDA device, which CuPy can use for everything it allocates."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from reference_impl.memory.device.size_class_pool import SizeClassPool
from reference_impl.memory.device.sources import DeviceMemory
from reference_impl.memory.errors import PoolError
from reference_impl.memory.requests import normalize

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import DTypeLike

    from reference_impl.memory.device.sources import Source

__all__ = ["DevicePool"]


class DevicePool(SizeClassPool):
    """A :class:`SizeClassPool` within a fraction of a device's memory.

    Parameters
    ----------
    fraction
        Share of the device's memory, used by others or not, that the pool may take: above 0, up to 1.
    size_classes
        As of :class:`SizeClassPool`.
    preallocated
        Idle blocks to begin with: how many, by size in bytes.
    source
        Device 0 when not given. Another ``DeviceMemory(1)``, or :class:`HostMemory` to try things out without one.

    Raises
    ------
    PoolError
        For another fraction.
    reference_impl.backends.NoDeviceError
        Where there is no device.
    """

    def __init__(
        self,
        *,
        fraction: float = 0.9,
        size_classes: Sequence[int] | None = None,
        preallocated: dict[int, int] | None = None,
        source: Source | None = None,
    ) -> None:
        if not 0 < fraction <= 1:
            raise PoolError(f"got fraction={fraction}, allowed: above 0, at most 1")
        source = source or DeviceMemory()
        super().__init__(source, limit_bytes=int(fraction * source.total_bytes()), size_classes=size_classes)
        for nbytes, count in (preallocated or {}).items():
            self.preallocate(nbytes, count)

    def array(self, shape: Any, dtype: DTypeLike = np.float64) -> Any:
        """A C-contiguous array of ``shape``, uninitialised; its memory comes back with its last view.

        Raises
        ------
        PoolError, PoolExhaustedError, MemoryError
            As :meth:`allocate`, and for a negative shape and dtypes that hold objects.
        """
        lengths, resolved = normalize(shape, dtype)
        lease = _Lease(self, math.prod(lengths) * resolved.itemsize)
        return self.source.array(lease.address, lengths, resolved, lease)

    @contextmanager
    def used(self) -> Iterator[None]:
        """Have CuPy allocate from this pool in this thread, in the ``with`` block.

        Arrays outlive the block, and with them the pool. To be used in every thread:
        ``cupy.cuda.set_allocator(pool.allocator)``.
        """
        import cupy  # noqa: PLC0415 - the pool itself runs without

        with cupy.cuda.using_allocator(self.allocator):
            yield

    @property
    def allocator(self) -> Any:
        """For :func:`cupy.cuda.set_allocator`; on another device than the pool's it raises a :class:`PoolError`."""
        import cupy  # noqa: PLC0415

        own = getattr(self.source, "device", None)

        def malloc(nbytes: int, device: int) -> int:
            if device != own and own is not None:
                raise PoolError(
                    f"got an allocation on device {device}, allowed: device {own}, that of the pool"
                )
            return self.allocate(nbytes)

        def free(address: int, _: int) -> None:
            self.free(address)

        return cupy.cuda.PythonFunctionAllocator(malloc, free).malloc


class _Lease:
    """A block that goes back with the last array of it."""

    __slots__ = ("_pool", "address")

    def __init__(self, pool: SizeClassPool, nbytes: int) -> None:
        self._pool = pool
        self.address = pool.allocate(nbytes)

    def __del__(self) -> None:
        address = getattr(self, "address", None)  # unset where there was no room
        if address is not None:
            self._pool.free(address)
