"""What the probes use of JAX: one device, whose mark nobody can reset."""

from __future__ import annotations

from types import SimpleNamespace

from jax._src import xla_bridge

config = SimpleNamespace(jax_default_device=None)


class Device:
    def __init__(self, platform: str) -> None:
        self.platform, self.error = platform, ""
        self.statistics = {
            "num_allocs": 0, "bytes_in_use": 0, "peak_bytes_in_use": 0, "pool_bytes": 0, "peak_pool_bytes": 0,
            "largest_free_block_bytes": 0, "bytes_limit": 60 << 30,
        }  # fmt: skip

    def memory_stats(self) -> dict[str, int] | None:
        return None if self.platform == "cpu" else dict(self.statistics)

    def move(self, nbytes: int) -> None:
        now = self.statistics
        now["num_allocs"] += nbytes > 0
        now["bytes_in_use"] += nbytes
        now["peak_bytes_in_use"] = max(now["peak_bytes_in_use"], now["bytes_in_use"])
        now["pool_bytes"] = max(now["pool_bytes"], now["bytes_in_use"])
        now["peak_pool_bytes"] = now["pool_bytes"]
        now["largest_free_block_bytes"] = now["pool_bytes"] - now["bytes_in_use"]


devices = {"gpu": Device("gpu"), "cpu": Device("cpu")}


class Array:
    def __init__(self, nbytes: int, device: Device) -> None:
        self.nbytes, self._device = nbytes, device
        device.move(nbytes)

    def block_until_ready(self) -> Array:
        return self

    def __del__(self) -> None:
        self._device.move(-self.nbytes)


def local_devices(*, backend: str | None = None) -> list[Device]:
    xla_bridge.is_started = True
    found = devices[backend or "gpu"]
    if found.error:
        raise RuntimeError(found.error)
    return [found]


def device_put(array, device: Device) -> Array:
    return Array(array.nbytes, device)
