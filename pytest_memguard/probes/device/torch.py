"""PyTorch's caching allocator.

It keeps its high-water marks itself, one for the whole process, and everybody may reset them. So the two functions of
``torch._C`` that every reset ends in are replaced while a window is open: they keep the mark that would be lost.
"""

from __future__ import annotations

from typing import Any

from pytest_memguard.probes.device import library
from pytest_memguard.probes.device.known import Known
from pytest_memguard.probes.device.probe import DeviceProbe
from pytest_memguard.probes.device.replaced import Replaced
from pytest_memguard.units import format_bytes

__all__ = ["TorchSource", "torch_probe"]

# torch.cuda.reset_peak_memory_stats and what calls it; torch.accelerator.reset_peak_memory_stats.
_RESETS = ("_cuda_resetPeakMemoryStats", "_accelerator_resetPeakStats")


def torch_probe() -> DeviceProbe:
    return DeviceProbe(TorchSource())


class TorchSource:
    """Statistics of the device that is current when the first window opens, whatever device becomes so later."""

    name = "torch"

    def __init__(self) -> None:
        self._torch: Any = None
        self._device = 0
        self._replaced: dict[str, Replaced] = {}
        self._resets = 0  # by somebody else
        self._kept = {"allocated_bytes": 0, "reserved_bytes": 0}  # marks that were reset
        self._seen_bytes = 0  # the allocator's own mark when it was last read
        self._is_lost = False

    def load(self) -> str | None:
        """Starts CUDA: without it the allocator has no statistics."""
        if (reason := library.load("torch")) is not None:
            return reason
        torch: Any = library.imported("torch")
        if not torch.cuda.is_available():
            is_built_for_it = torch.version.cuda or getattr(torch.version, "hip", None)
            return "no CUDA device" if is_built_for_it else "torch was built without CUDA"
        try:
            torch.cuda.init()
        except Exception as error:  # noqa: BLE001 - a driver that is too old, a device that others hold or that is full
            return f"torch cannot start CUDA: {type(error).__name__}: {error}"
        return None

    def unavailable(self) -> str | None:
        """Whether there is a device is not asked: it would initialize the driver, which forked children cannot use."""
        if (reason := library.absence("torch")) is not None:
            return reason
        torch: Any = library.imported("torch")
        return None if torch.cuda.is_initialized() else "torch has not started CUDA"

    def attach(self) -> str | None:
        torch: Any = library.imported("torch")
        self._torch, self._device = torch, torch.cuda.current_device()
        backend = torch.cuda.get_allocator_backend()
        if backend != "native":
            return f"torch allocates with {backend}, whose statistics are not kept by torch"
        for name in _RESETS:
            if hasattr(torch._C, name):  # noqa: SLF001 - there is no public hook
                self._replaced[name] = Replaced(torch._C, name, self._keep)  # noqa: SLF001
        return None

    def _keep(self, *_: object) -> None:
        self._kept = {which: self._mark(which) for which in self._kept}
        self._resets += 1
        self._seen_bytes = 0

    def detach(self) -> None:
        for replaced in self._replaced.values():
            replaced.close()
        self._replaced.clear()

    def trouble(self) -> str:
        self._mark("allocated_bytes")
        return "torch's peak statistics were reset inside the window, unseen" if self._is_lost else ""

    def notes(self) -> tuple[str, ...]:
        if not self._resets:
            return ()
        return (
            f"torch's peak statistics were reset {self._resets} times inside the window: the higher marks count",
        )

    def _read(self, name: str, which: str) -> int:
        statistics = self._torch.cuda.memory_stats_as_nested_dict(self._device)
        return int(statistics[name]["all"][which])

    def _mark(self, name: str) -> int:
        peak_bytes = self._read(name, "peak")
        if name == "allocated_bytes":
            self._is_lost = self._is_lost or peak_bytes < self._seen_bytes
            self._seen_bytes = peak_bytes
        return max(peak_bytes, self._kept[name])

    @property
    def allocated_bytes(self) -> int:
        return self._read("allocated_bytes", "current")

    @property
    def reserved_bytes(self) -> int:
        return self._read("reserved_bytes", "current")

    @property
    def free_bytes(self) -> int:
        return self.reserved_bytes - self.allocated_bytes

    @property
    def high_water_allocated_bytes(self) -> int:
        return self._mark("allocated_bytes")

    @property
    def high_water_reserved_bytes(self) -> int:
        return self._mark("reserved_bytes")

    def reset_high_water(self) -> None:
        self._replaced[_RESETS[0]].original(self._device)
        self._kept = dict.fromkeys(self._kept, 0)
        self._resets, self._seen_bytes, self._is_lost = 0, 0, False

    def settle(self) -> None:
        """The work area of cuBLAS comes from the allocator: 32 MiB for each handle and stream on Hopper."""
        clear = getattr(self._torch._C, "_cuda_clearCublasWorkspaces", None)  # noqa: SLF001 - as torch's own tests do
        if clear is not None:
            clear()

    def evidence(self) -> str:
        """The free parts of segments that are still in use, and what nobody asked for of the blocks."""
        unreleasable = self._read("inactive_split_bytes", "current")
        rounding = self.allocated_bytes - self._read("requested_bytes", "current")
        said = []
        if unreleasable:
            said.append(f"{format_bytes(unreleasable)} more cannot be released, beside blocks in use")
        if rounding:
            said.append(f"{format_bytes(rounding)} of all that is allocated is rounding")
        return "; ".join(said)

    def known_allocation(self, nbytes: int) -> object:
        torch = self._torch
        return Known(torch.empty(nbytes, dtype=torch.uint8, device="cuda"), torch.cuda.empty_cache)
