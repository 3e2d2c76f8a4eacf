"""What the probes use of CuPy, on a device that is a few dictionaries.

The pool is CuPy's of version 14.1 and newer: units of 512 bytes, best fit, blocks that split and merge within their
segment. tests/probes/device/test_pool_contract.py holds it against the real one.
"""

from __future__ import annotations

import threading
import weakref
from contextlib import contextmanager
from types import SimpleNamespace

_UNIT = 512
_GAP = 1 << 30  # segments never touch, so that blocks of two of them never merge


class CUDARuntimeError(RuntimeError):
    def __init__(self, status: int) -> None:
        super().__init__(f"cudaError: {status}")
        self.status = status


class Machine:
    """What a test may change: how many devices there are, and which one is current."""

    def __init__(self) -> None:
        self.status = 0  # 35: no driver, 100: no device
        self.devices, self.current = 1, 0
        self.is_synchronized = False
        self.has_driver_pools, self.driver_pool = 1, 1

    def get_device_count(self) -> int:
        if self.status:
            raise CUDARuntimeError(self.status)
        return self.devices

    def get_device(self) -> int:
        self.get_device_count()
        return self.current


machine = Machine()


class PooledMemory:
    """A block in use; it goes back to its pool when nobody holds it any more."""

    def __init__(self, pool: SingleDeviceMemoryPool, ptr: int, size: int) -> None:
        self.pool, self.ptr, self.size, self.device_id = weakref.ref(pool), ptr, size, pool._device_id

    def __del__(self) -> None:
        pool = self.pool()
        if pool is not None:
            pool._free_block(self.ptr)


class MemoryPointer:
    def __init__(self, mem: PooledMemory, offset: int) -> None:
        self.mem, self.ptr, self.device_id = mem, mem.ptr + offset, mem.device_id


class SingleDeviceMemoryPool:
    def __init__(self, device_id: int) -> None:
        self._device_id = device_id
        self._segments: dict[int, int] = {}
        self._free: dict[int, int] = {}
        self._in_use: dict[int, int] = {}
        self._next = 1 << 20

    def malloc(self, size: int) -> MemoryPointer:
        size = -(-size // _UNIT) * _UNIT
        fitting = min(((free, ptr) for ptr, free in self._free.items() if free >= size), default=None)
        if fitting is None:
            ptr, self._next = self._next, self._next + size + _GAP
            self._segments[ptr] = size
        else:
            free, ptr = fitting
            del self._free[ptr]
            if free > size:
                self._free[ptr + size] = free - size
        self._in_use[ptr] = size
        return MemoryPointer(PooledMemory(self, ptr, size), 0)

    def _free_block(self, ptr: int) -> None:
        self._free[ptr] = self._in_use.pop(ptr)
        for start in sorted(self._free):
            while start in self._free and start + self._free[start] in self._free:
                self._free[start] += self._free.pop(start + self._free[start])

    def used_bytes(self) -> int:
        return sum(self._in_use.values())

    def total_bytes(self) -> int:
        return sum(self._segments.values())

    def free_all_blocks(self) -> None:
        for ptr, size in list(self._segments.items()):
            if self._free.get(ptr) == size:
                del self._segments[ptr], self._free[ptr]

    def _debug_arena_get_index(self, stream: int) -> list[tuple[int, int]]:
        """Sizes of free blocks, and a flag; none of a stream that the pool does not know."""
        return [] if stream else [(size, 1) for size in sorted(set(self._free.values()))]


class MemoryPool:
    """One pool for each device; every method is about the current one."""

    def __init__(self) -> None:
        self._pools: dict[int, SingleDeviceMemoryPool] = {}

    @property
    def _current(self) -> SingleDeviceMemoryPool:
        device = machine.get_device()
        return self._pools.setdefault(device, SingleDeviceMemoryPool(device))

    def malloc(self, size: int) -> MemoryPointer:
        return self._current.malloc(size)

    def used_bytes(self) -> int:
        return self._current.used_bytes()

    def total_bytes(self) -> int:
        return self._current.total_bytes()

    def free_bytes(self) -> int:
        return self.total_bytes() - self.used_bytes()

    def free_all_blocks(self) -> None:
        self._current.free_all_blocks()


class DriverPool:
    """Of the driver: what is freed counts until the device is synchronized, and marks can be reset to zero alone."""

    def __init__(self) -> None:
        self.attributes = dict.fromkeys(_ATTRIBUTES.values(), 0)
        self.freed = 0

    def move(self, nbytes: int) -> None:
        attributes = self.attributes
        attributes[7] += nbytes
        attributes[8] = max(attributes[8], attributes[7])
        attributes[5] = max(attributes[5], attributes[7])
        attributes[6] = max(attributes[6], attributes[5])

    def synchronize(self) -> None:
        self.move(-self.freed)
        self.freed = 0

    def set_attribute(self, attribute: int, value: int) -> None:
        assert (attribute, value) in {(6, 0), (8, 0)}, "a mark can be set to zero alone"
        self.attributes[attribute] = value

    def trim(self, keep: int) -> None:
        self.attributes[5] = max(keep, self.attributes[7])


_ATTRIBUTES = {
    "cudaMemPoolAttrReservedMemCurrent": 5,
    "cudaMemPoolAttrReservedMemHigh": 6,
    "cudaMemPoolAttrUsedMemCurrent": 7,
    "cudaMemPoolAttrUsedMemHigh": 8,
}
driver_pools: dict[int, DriverPool] = {1: DriverPool()}  # by handle


class MemoryAsync:
    def __init__(self, size: int) -> None:
        self.size, self._pool = size, driver_pools[machine.driver_pool]
        self._pool.move(size)

    def __del__(self) -> None:
        self._pool.freed += self.size


def malloc_async(size: int) -> MemoryAsync:
    return MemoryAsync(-(-size // _UNIT) * _UNIT)


class MemoryAsyncPool:
    def malloc(self, size: int) -> MemoryAsync:
        return malloc_async(size)


_pool = MemoryPool()
_allocator = _pool.malloc
_thread_local = threading.local()


def get_allocator():
    return getattr(_thread_local, "allocator", None) or _allocator


def set_allocator(allocator=None):
    global _allocator  # noqa: PLW0603 - so it is in CuPy
    if getattr(_thread_local, "allocator", None) is not None:
        raise ValueError("Can't change the global allocator inside `using_allocator` context manager")
    _allocator = allocator


def _set_thread_local_allocator(allocator):
    _thread_local.allocator = allocator


@contextmanager
def using_allocator(allocator=None):
    before = getattr(_thread_local, "allocator", None)
    cuda.memory._set_thread_local_allocator(allocator)
    try:
        yield
    finally:
        cuda.memory._set_thread_local_allocator(before)


def alloc(size: int) -> MemoryPointer:
    return get_allocator()(size)


def get_default_memory_pool() -> MemoryPool:
    return _pool


class PinnedMemory:
    def __init__(self, size: int) -> None:
        self.size = size


class PooledPinnedMemory(PinnedMemory):
    """A buffer in use; it stays in its pool."""


class PinnedMemoryPointer:
    def __init__(self, mem: PinnedMemory, offset: int) -> None:
        self.mem, self.offset = mem, offset


class PinnedMemoryPool:
    """Counts nothing. Sizes are powers of two, of 512 bytes at least."""

    def malloc(self, size: int) -> PinnedMemoryPointer:
        if size == 0:
            return PinnedMemoryPointer(PinnedMemory(0), 0)
        machine.get_device()
        return PinnedMemoryPointer(PooledPinnedMemory(max(_UNIT, 1 << (size - 1).bit_length())), 0)

    def free_all_blocks(self) -> None:
        pass


_pinned_pool = PinnedMemoryPool()
_pinned_allocator = _pinned_pool.malloc
copies: list[PinnedMemoryPointer] = []  # buffers that wait for the device to have copied them


def get_default_pinned_memory_pool() -> PinnedMemoryPool:
    return _pinned_pool


def set_pinned_memory_allocator(allocator=None):
    global _pinned_allocator  # noqa: PLW0603 - so it is in CuPy
    _pinned_allocator = allocator


def alloc_pinned_memory(size: int) -> PinnedMemoryPointer:
    if machine.is_synchronized:
        copies.clear()
    return _pinned_allocator(size)


def _synchronize() -> None:
    machine.is_synchronized = True
    for pool in driver_pools.values():
        pool.synchronize()


class _PlanCache:
    """Of Fourier transforms; a test puts into ``plans`` what must be given back."""

    def __init__(self) -> None:
        self.plans: list[object] = []

    def clear(self) -> None:
        self.plans.clear()


_plan_cache = _PlanCache()

cuda = SimpleNamespace(
    MemoryPool=MemoryPool,
    MemoryAsyncPool=MemoryAsyncPool,
    malloc_async=malloc_async,
    PinnedMemory=PinnedMemory,
    PinnedMemoryPointer=PinnedMemoryPointer,
    PinnedMemoryPool=PinnedMemoryPool,
    alloc=alloc,
    alloc_pinned_memory=alloc_pinned_memory,
    set_pinned_memory_allocator=set_pinned_memory_allocator,
    get_allocator=get_allocator,
    set_allocator=set_allocator,
    using_allocator=using_allocator,
    memory=SimpleNamespace(
        set_allocator=set_allocator, _set_thread_local_allocator=_set_thread_local_allocator
    ),
    get_current_stream=lambda: SimpleNamespace(ptr=0),
    is_available=lambda: machine.status == 0,
    runtime=SimpleNamespace(
        CUDARuntimeError=CUDARuntimeError,
        getDevice=machine.get_device,
        getDeviceCount=machine.get_device_count,
        deviceSynchronize=_synchronize,
        streamPerThread=2,
        cudaDevAttrMemoryPoolsSupported=115,
        deviceGetAttribute=lambda attribute, device: {115: machine.has_driver_pools}[attribute],
        deviceGetMemPool=lambda device: machine.driver_pool,
        memPoolGetAttribute=lambda pool, attribute: driver_pools[pool].attributes[attribute],
        memPoolSetAttribute=lambda pool, attribute, value: driver_pools[pool].set_attribute(attribute, value),
        memPoolTrimTo=lambda pool, keep: driver_pools[pool].trim(keep),
        **_ATTRIBUTES,
        deviceGetPCIBusId=lambda device: f"0000:{device + 1:02X}:00.0",
    ),
)
fft = SimpleNamespace(config=SimpleNamespace(get_plan_cache=lambda: _plan_cache))
