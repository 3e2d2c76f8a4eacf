"""CUDA's own stream-ordered pool (``cudaMallocAsync``), of whatever library allocates from it; read through CuPy.

The driver keeps both high-water marks, which can be reset to zero and to nothing else. What was freed on a stream
counts until the device is done with it, so every look waits for the device.
See ``cudaMemPoolAttr`` in the CUDA Runtime API, "Stream Ordered Memory Allocator".
"""

from __future__ import annotations

from typing import Any

from pytest_memguard.probes.device import library
from pytest_memguard.probes.device.cupy import cupy_unavailable
from pytest_memguard.probes.device.known import Known
from pytest_memguard.probes.device.probe import DeviceProbe
from pytest_memguard.units import format_bytes

__all__ = ["CudaAsyncSource", "cuda_async_probe"]


def cuda_async_probe() -> DeviceProbe:
    return DeviceProbe(CudaAsyncSource())


class CudaAsyncSource:
    name = "cuda_async"

    def __init__(self) -> None:
        self._cupy: Any = None
        self._runtime: Any = None
        self._device = 0
        self._pool: Any = None  # the driver's handle
        self._was_asked_for = False
        self._at_reset = (0, 0)  # allocated and reserved bytes
        self._seen_bytes = 0
        self._is_lost = False

    def load(self) -> str | None:
        self._was_asked_for = True
        return library.load("cupy")

    def unavailable(self) -> str | None:
        """To ask for the device's pool may make a context: nobody does for a test that does not use it."""
        if (reason := cupy_unavailable()) is not None or self._was_asked_for:
            return reason
        cupy: Any = library.imported("cupy")
        allocator = cupy.cuda.get_allocator()
        if allocator is cupy.cuda.malloc_async:
            return None
        is_used = isinstance(getattr(allocator, "__self__", None), cupy.cuda.MemoryAsyncPool)
        return None if is_used else "CuPy does not allocate from CUDA's stream-ordered pool"

    def attach(self) -> str | None:
        cupy: Any = library.imported("cupy")
        self._cupy, self._runtime = cupy, cupy.cuda.runtime
        self._device = self._runtime.getDevice()
        has_pools = self._runtime.cudaDevAttrMemoryPoolsSupported
        if not self._runtime.deviceGetAttribute(has_pools, self._device):
            return f"device {self._device} has no stream-ordered pools"
        self._pool = self._runtime.deviceGetMemPool(self._device)
        return None

    def detach(self) -> None:
        self._pool = None

    def _read(self, attribute: int) -> int:
        self._runtime.deviceSynchronize()
        return int(self._runtime.memPoolGetAttribute(self._pool, attribute))

    def trouble(self) -> str:
        if self._runtime.getDevice() != self._device:
            return f"the current device is no longer {self._device}, whose memory was measured"
        if self._runtime.deviceGetMemPool(self._device) != self._pool:
            return (
                "somebody gave the device another pool inside the window, and what it handed out was not seen"
            )
        return "somebody else reset the marks of the pool inside the window" if self._is_lost else ""

    def notes(self) -> tuple[str, ...]:
        return ()

    @property
    def allocated_bytes(self) -> int:
        return self._read(self._runtime.cudaMemPoolAttrUsedMemCurrent)

    @property
    def reserved_bytes(self) -> int:
        return self._read(self._runtime.cudaMemPoolAttrReservedMemCurrent)

    @property
    def free_bytes(self) -> int:
        return self.reserved_bytes - self.allocated_bytes

    @property
    def high_water_allocated_bytes(self) -> int:
        """After a reset the mark is zero until something is allocated, so it is at least what was there then."""
        mark = self._read(self._runtime.cudaMemPoolAttrUsedMemHigh)
        self._is_lost = self._is_lost or mark < self._seen_bytes
        self._seen_bytes = mark
        return max(mark, self._at_reset[0])

    @property
    def high_water_reserved_bytes(self) -> int:
        return max(self._read(self._runtime.cudaMemPoolAttrReservedMemHigh), self._at_reset[1])

    def reset_high_water(self) -> None:
        self._at_reset = self.allocated_bytes, self.reserved_bytes
        for mark in ("cudaMemPoolAttrUsedMemHigh", "cudaMemPoolAttrReservedMemHigh"):
            self._runtime.memPoolSetAttribute(self._pool, getattr(self._runtime, mark), 0)
        self._seen_bytes, self._is_lost = 0, False

    def settle(self) -> None:
        self._cupy.fft.config.get_plan_cache().clear()

    def evidence(self) -> str:
        """What the pool cannot give back to the driver."""
        self._trim()
        unreleasable = self.free_bytes
        return (
            f"{format_bytes(unreleasable)} more cannot be released, beside blocks in use"
            if unreleasable
            else ""
        )

    def _trim(self) -> None:
        self._runtime.deviceSynchronize()
        self._runtime.memPoolTrimTo(self._pool, 0)

    def known_allocation(self, nbytes: int) -> object:
        return Known(self._cupy.cuda.malloc_async(nbytes), self._trim)
