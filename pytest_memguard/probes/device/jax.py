"""JAX's allocator of a device.

Its high-water mark is that of the whole process and cannot be reset. So a window has a peak only where it moved the
mark; otherwise all that is known is that it stayed below an older one, and the probe cannot tell.
"""

from __future__ import annotations

from typing import Any

from pytest_memguard.probes.device import library
from pytest_memguard.probes.device.known import Known
from pytest_memguard.probes.device.probe import DeviceProbe

__all__ = ["JaxSource", "jax_probe"]


def jax_probe() -> DeviceProbe:
    return DeviceProbe(JaxSource())


def _default_device(jax: Any) -> Any:
    """Where arrays are put that name no device; ``jax_default_device`` may also be the name of a platform."""
    chosen = jax.config.jax_default_device
    if isinstance(chosen, str):
        return jax.local_devices(backend=chosen)[0]
    return jax.local_devices()[0] if chosen is None else chosen


class JaxSource:
    name = "jax"

    def __init__(self) -> None:
        self._device: Any = None

    def load(self) -> str | None:
        """Starts JAX's devices: without them there are no statistics."""
        if (reason := library.load("jax")) is not None:
            return reason
        jax: Any = library.imported("jax")
        try:
            jax.local_devices()
        except RuntimeError as error:  # a platform was asked for that is not there
            return f"JAX has no device: {error}"
        return None

    def unavailable(self) -> str | None:
        """JAX takes three quarters of the device's memory when it starts: watching must not be what starts it."""
        if (reason := library.absence("jax")) is not None:
            return reason
        bridge: Any = library.imported("jax._src.xla_bridge")
        if bridge is None or not bridge.backends_are_initialized():
            return "JAX has not started its devices"
        device = _default_device(library.imported("jax"))
        if device.memory_stats() is None:
            return f"JAX has no memory statistics on the {device.platform.upper()}"
        return None

    def attach(self) -> None:
        self._device = _default_device(library.imported("jax"))

    def detach(self) -> None:
        self._device = None

    def trouble(self) -> str:
        return ""

    def notes(self) -> tuple[str, ...]:
        return ("JAX cannot reset its mark: a peak is known only where it is the highest of the process",)

    def _read(self, name: str) -> int | None:
        """``None`` where this device's allocator keeps no such statistic."""
        found: int | None = self._device.memory_stats().get(name)
        return found

    @property
    def allocated_bytes(self) -> int | None:
        return self._read("bytes_in_use")

    @property
    def reserved_bytes(self) -> int | None:
        return self._read("pool_bytes")

    @property
    def free_bytes(self) -> int | None:
        allocated, reserved = self.allocated_bytes, self.reserved_bytes
        return None if allocated is None or reserved is None else reserved - allocated

    @property
    def largest_free_bytes(self) -> int | None:
        return self._read("largest_free_block_bytes")

    @property
    def allocations(self) -> int | None:
        return self._read("num_allocs")

    @property
    def high_water_allocated_bytes(self) -> int | None:
        return self._read("peak_bytes_in_use")

    @property
    def high_water_reserved_bytes(self) -> int | None:
        return self._read("peak_pool_bytes")

    def settle(self) -> None:
        """Its caches hold compiled functions, whose loss would cost more than they hold."""

    def evidence(self) -> str:
        return ""

    def known_allocation(self, nbytes: int) -> object:
        import numpy as np  # noqa: PLC0415 - JAX has imported it

        jax: Any = library.imported("jax")
        array = jax.device_put(np.zeros(nbytes, np.uint8), _default_device(jax)).block_until_ready()
        return Known(array, lambda: None)
