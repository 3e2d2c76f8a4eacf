"""What the driver says is in use on a device, by every process on it.

NVML neither knows CUDA's current device nor ``CUDA_VISIBLE_DEVICES``: the device is found by its PCI address, or by its
UUID where it is an instance of a divided one (MIG). It makes no CUDA context. Which process holds how much is not
asked: in a container the driver knows the host's process ids alone.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pytest_memguard.probes.device import library

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MODULE", "device_handle", "device_used_bytes", "load_reader", "not_answering", "sharing"]

MODULE = "pynvml"  # of the package nvidia-ml-py; the package that is called pynvml is retired


def device_used_bytes() -> int | None:
    """Of the current device; ``None`` where nobody has imported NVML, or it does not tell."""
    pynvml: Any = library.imported(MODULE)
    if pynvml is None or not_answering(pynvml) is not None:
        return None
    try:
        return int(pynvml.nvmlDeviceGetMemoryInfo(device_handle(pynvml)).used)
    except Exception:  # noqa: BLE001 - those of NVML, and of the library that is asked which device is current
        return None


def load_reader() -> Callable[[], float | None] | None:
    """Reads for how many percent of the last moments a kernel ran on the device that is current now.

    ``None`` where there is no NVML, nobody uses CuPy or PyTorch, or the device is not found. What it reads is ``None``
    where the driver does not tell, as of an instance of a divided device.
    """
    if library.imported("cupy") or library.imported("torch"):
        library.load(MODULE)
    pynvml: Any = library.imported(MODULE)
    if pynvml is None or not_answering(pynvml) is not None:
        return None
    try:
        handle = device_handle(pynvml)
    except Exception:  # noqa: BLE001 - those of NVML, and of the library that is asked which device is current
        return None

    def read() -> float | None:
        try:
            return float(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu)
        except pynvml.NVMLError:
            return None

    return read


def sharing() -> str:
    """Who else of this run is on the device: the workers of xdist do not divide devices among themselves."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    return f", {workers} workers of this run on it" if workers > 1 else ""


def not_answering(pynvml: Any) -> str | None:
    try:
        pynvml.nvmlInit()  # counted by NVML: once more costs nothing
    except pynvml.NVMLError as error:
        return f"no NVIDIA driver: {error}"
    return None


def device_handle(pynvml: Any) -> Any:
    """NVML's handle of CUDA's current device.

    Raises
    ------
    LookupError
        When it cannot be told which one that is.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "").strip()
    if visible.startswith(("GPU-", "MIG-")) and "," not in visible:
        return pynvml.nvmlDeviceGetHandleByUUID(visible)
    address = _pci_address()
    if address is not None:
        device = pynvml.nvmlDeviceGetHandleByPciBusId(address)
    elif pynvml.nvmlDeviceGetCount() == 1:
        device = pynvml.nvmlDeviceGetHandleByIndex(0)
    else:
        raise LookupError(
            "there are several devices, and no CuPy or PyTorch in use to tell which one is current"
        )
    return _instance(pynvml, device)


def _pci_address() -> str | None:
    """Of CUDA's current device, from whichever library is in use."""
    cupy: Any = library.imported("cupy")
    if cupy is not None and cupy.cuda.is_available():
        runtime = cupy.cuda.runtime
        return str(runtime.deviceGetPCIBusId(runtime.getDevice()))
    torch: Any = library.imported("torch")
    if torch is not None and torch.cuda.is_initialized():
        found = torch.cuda.get_device_properties(torch.cuda.current_device())
        if hasattr(found, "pci_bus_id"):
            return f"{found.pci_domain_id:08X}:{found.pci_bus_id:02X}:{found.pci_device_id:02X}.0"
    return None


def _instance(pynvml: Any, device: Any) -> Any:
    """Of a divided device the only instance; the device itself where it is not divided."""
    try:
        is_divided, _ = pynvml.nvmlDeviceGetMigMode(device)
        if not is_divided:
            return device
    except pynvml.NVMLError:  # a device that cannot be divided
        return device
    instances = []
    for index in range(pynvml.nvmlDeviceGetMaxMigDeviceCount(device)):
        try:
            instances.append(pynvml.nvmlDeviceGetMigDeviceHandleByIndex(device, index))
        except pynvml.NVMLError:  # no instance of this number
            continue
    if len(instances) != 1:
        raise LookupError("the device is divided (MIG): set CUDA_VISIBLE_DEVICES to the UUID of one instance")
    return instances[0]
