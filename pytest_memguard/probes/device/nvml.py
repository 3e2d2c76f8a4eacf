"""What is in use on a device by the driver's count, as a probe."""

from __future__ import annotations

from typing import Any

from pytest_memguard.probes.device import library
from pytest_memguard.probes.device.driver import MODULE, device_handle, not_answering, sharing
from pytest_memguard.probes.device.probe import DeviceProbe

__all__ = ["NvmlSource", "nvml_probe"]


def nvml_probe() -> DeviceProbe:
    return DeviceProbe(NvmlSource())


class NvmlSource:
    """Device memory in use. Evidence, and never a verdict: other processes share the device."""

    name = "nvml"
    reserved_bytes = None  # the driver has no pool

    def __init__(self) -> None:
        self._pynvml: Any = None
        self._handle: Any = None

    @property
    def no_verdict(self) -> str:
        return f"nvml counts what every process has in use on the device{sharing()}: evidence, and no verdict"

    def load(self) -> str | None:
        reason = library.load(MODULE)
        return reason and reason.replace(f"{MODULE} is", "nvidia-ml-py is")

    def unavailable(self) -> str | None:
        if (reason := library.absence(MODULE)) is not None:
            return reason
        return not_answering(library.imported(MODULE))

    def attach(self) -> str | None:
        self._pynvml = library.imported(MODULE)
        try:
            self._handle = device_handle(self._pynvml)
        except self._pynvml.NVMLError as error:
            return f"NVML does not find the device: {error}"
        except LookupError as error:
            return str(error)
        return None

    def detach(self) -> None:
        self._handle = None

    @property
    def allocated_bytes(self) -> int | None:
        return self._read("used")

    @property
    def free_bytes(self) -> int | None:
        """Beside what is in use: both together are all the memory of the device."""
        return self._read("free")

    def _read(self, which: str) -> int | None:
        try:
            return int(getattr(self._pynvml.nvmlDeviceGetMemoryInfo(self._handle), which))
        except self._pynvml.NVMLError:  # not permitted, or the device is lost
            return None

    def trouble(self) -> str:
        return ""

    def notes(self) -> tuple[str, ...]:
        return (self.no_verdict,)

    def settle(self) -> None:
        """The driver keeps no cache that could be emptied."""

    def evidence(self) -> str:
        return ""

    def known_allocation(self, nbytes: int) -> object:  # noqa: ARG002
        """None: it takes a CUDA context, whose own memory would be counted."""
        return None
