"""Where a pool of addresses has its memory from."""

from __future__ import annotations

import ctypes
import math
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import psutil

from reference_impl.backends import import_cupy
from reference_impl.layout import aligned_empty
from reference_impl.memory.errors import PoolError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["ALIGNMENT_BYTES", "DeviceMemory", "HostMemory", "PinnedMemory", "Source"]

ALIGNMENT_BYTES = 512  # of what cudaMalloc returns, at least; also what CuPy rounds sizes up to
_OUT_OF_MEMORY = 2  # cudaErrorMemoryAllocation


class Source(Protocol):
    """The system below a pool. Addresses are those of the first byte, as integers."""

    def total_bytes(self) -> int:
        """All the memory there is, used or not: what a fraction is of."""

    def allocate(self, nbytes: int) -> int:
        """The address of new memory.

        Raises
        ------
        MemoryError
            When there is none left.
        """

    def free(self, address: int) -> None:
        """Give back what starts there."""

    def stream(self) -> int:
        """What orders the work of this thread on the memory; 0 where there is but one order."""

    def array(self, address: int, shape: tuple[int, ...], dtype: np.dtype[Any], owner: object) -> Any:
        """The memory as an array that keeps ``owner`` alive."""

    def write(self, address: int, values: NDArray[Any]) -> None:
        """Copy from the host, C-contiguous; done when it returns."""

    def read(self, address: int, out: NDArray[Any]) -> None:
        """Copy to the host, C-contiguous; done when it returns."""


_Anything = ctypes.c_uint8 * sys.maxsize  # ctypes keeps a type (4 kB) for every length it was ever asked for


class _Owned(np.ndarray[Any, Any]):
    """Bytes that keep ``owner`` alive: NumPy leaves out what lies between an array and the memory, but not this."""

    owner: object = None


class _OnHost:
    """How the processor itself gets at addresses."""

    def total_bytes(self) -> int:
        return int(psutil.virtual_memory().total)

    def stream(self) -> int:
        return 0

    def array(
        self, address: int, shape: tuple[int, ...], dtype: np.dtype[Any], owner: object
    ) -> NDArray[Any]:
        nbytes = max(1, math.prod(shape) * dtype.itemsize)
        block = _Owned(nbytes, np.uint8, buffer=memoryview(_Anything.from_address(address)))
        block.owner = owner
        array: NDArray[Any] = np.ndarray(shape, dtype, buffer=block)
        return array

    def write(self, address: int, values: NDArray[Any]) -> None:
        ctypes.memmove(address, values.ctypes.data, values.nbytes)

    def read(self, address: int, out: NDArray[Any]) -> None:
        ctypes.memmove(out.ctypes.data, address, out.nbytes)


class HostMemory(_OnHost):
    """Ordinary memory of the host, at multiples of 512 bytes like that of a device."""

    def __init__(self) -> None:
        self._blocks: dict[int, NDArray[np.uint8]] = {}

    def allocate(self, nbytes: int) -> int:
        block = aligned_empty(nbytes, np.uint8, alignment=ALIGNMENT_BYTES)
        address = block.ctypes.data
        self._blocks[address] = block
        return address

    def free(self, address: int) -> None:
        del self._blocks[address]


class PinnedMemory(_OnHost):
    """Page-locked memory of the host, from which and to which a device copies by itself (``cudaHostAlloc``).

    Raises
    ------
    reference_impl.backends.NoDeviceError
        Where there is no CuPy, no driver or no device.
    """

    def __init__(self) -> None:
        self._cupy = import_cupy()

    def allocate(self, nbytes: int) -> int:
        runtime = self._cupy.cuda.runtime
        return _checked(self._cupy, runtime.hostAlloc, nbytes, runtime.hostAllocPortable)

    def free(self, address: int) -> None:
        if not sys.is_finalizing():
            self._cupy.cuda.runtime.freeHost(address)


class DeviceMemory:
    """Memory of a CUDA device, straight from its driver (``cudaMalloc``).

    Raises
    ------
    reference_impl.backends.NoDeviceError
        Where there is no CuPy, no driver or no device.
    PoolError
        For the number of a device that there is not.
    """

    def __init__(self, device: int = 0) -> None:
        self._cupy = import_cupy()
        count = self._cupy.cuda.runtime.getDeviceCount()
        if not 0 <= device < count:
            raise PoolError(f"got device {device}, allowed: 0 to {count - 1}")
        self.device = device

    @contextmanager
    def _chosen(self) -> Iterator[Any]:
        with self._cupy.cuda.Device(self.device):
            yield self._cupy.cuda.runtime

    def total_bytes(self) -> int:
        with self._chosen() as runtime:
            return int(runtime.memGetInfo()[1])

    def allocate(self, nbytes: int) -> int:
        with self._chosen() as runtime:
            return _checked(self._cupy, runtime.malloc, nbytes)

    def free(self, address: int) -> None:
        if sys.is_finalizing():
            return  # the driver is going, and takes all of the process's memory with it
        with self._chosen() as runtime:
            runtime.free(address)  # waits for the device: nothing can be at work on it any more

    def stream(self) -> int:
        stream = int(self._cupy.cuda.get_current_stream(self.device).ptr)
        # One name for the default streams of all threads, whose work comes in no order.
        return -threading.get_ident() if stream == self._cupy.cuda.runtime.streamPerThread else stream

    def array(self, address: int, shape: tuple[int, ...], dtype: np.dtype[Any], owner: object) -> Any:
        nbytes = max(1, math.prod(shape) * dtype.itemsize)
        memory = self._cupy.cuda.UnownedMemory(address, nbytes, owner, self.device)
        pointer = self._cupy.cuda.MemoryPointer(memory, 0)
        return self._cupy.ndarray(shape, dtype, memptr=pointer)

    def write(self, address: int, values: NDArray[Any]) -> None:
        self._copy(address, values.ctypes.data, values.nbytes, "memcpyHostToDevice")

    def read(self, address: int, out: NDArray[Any]) -> None:
        self._copy(out.ctypes.data, address, out.nbytes, "memcpyDeviceToHost")

    def _copy(self, to_address: int, from_address: int, nbytes: int, kind: str) -> None:
        with self._chosen() as runtime:
            # Whatever stream is at work on the memory: a plain copy waits for some of them. What comes from pageable
            # memory may be under way when it returns, and streams that do not block do not wait for that.
            runtime.deviceSynchronize()
            runtime.memcpy(to_address, from_address, nbytes, getattr(runtime, kind))
            runtime.deviceSynchronize()


def _checked(cupy: Any, allocate: Any, *arguments: int) -> int:
    try:
        return int(allocate(*arguments))
    except cupy.cuda.runtime.CUDARuntimeError as error:
        if error.status != _OUT_OF_MEMORY:
            raise
        raise MemoryError(f"CUDA has no {arguments[0]} B left") from None
