"""What the probes use of nvidia-ml-py."""

from __future__ import annotations

from types import SimpleNamespace


class NVMLError(Exception):
    def __init__(self, value: int) -> None:
        super().__init__(value)
        self.value = value

    def __str__(self) -> str:
        return {9: "Driver Not Loaded", 4: "Insufficient Permissions", 6: "Not Found", 3: "Not Supported"}[
            self.value
        ]


class NVMLError_DriverNotLoaded(NVMLError):  # noqa: N801, N818 - the real name
    def __init__(self) -> None:
        super().__init__(9)


class Machine:
    """What a test may change: ``used`` by handle; an instance of a divided device is (address, index)."""

    def __init__(self) -> None:
        self.has_driver, self.may_read = True, True
        self.used: dict[object, int] = {"00000000:01:00.0": 1 << 30}
        self.instances: dict[str, list[int]] = {}  # by address
        self.busy_percent = 0


machine = Machine()


def nvmlInit():  # noqa: N802
    if not machine.has_driver:
        raise NVMLError_DriverNotLoaded


def nvmlDeviceGetCount():  # noqa: N802
    return len([handle for handle in machine.used if isinstance(handle, str) and ":" in handle])


def nvmlDeviceGetHandleByIndex(index):  # noqa: N802
    return list(machine.used)[index]


def _known(handle):
    if handle not in machine.used:
        raise NVMLError(6)
    return handle


def nvmlDeviceGetHandleByPciBusId(pciBusId):  # noqa: N802, N803
    return _known(pciBusId.rjust(16, "0"))  # NVML takes a domain of four digits for one of eight


def nvmlDeviceGetHandleByUUID(uuid):  # noqa: N802
    return _known(uuid)


def nvmlDeviceGetMigMode(device):  # noqa: N802
    if device not in machine.instances:
        raise NVMLError(3)
    return [1, 1]


def nvmlDeviceGetMaxMigDeviceCount(device):  # noqa: N802
    return 7


def nvmlDeviceGetMigDeviceHandleByIndex(device, index):  # noqa: N802
    if index not in machine.instances[device]:
        raise NVMLError(6)
    return (device, index)


def nvmlDeviceGetMemoryInfo(handle):  # noqa: N802
    if not machine.may_read:
        raise NVMLError(4)
    return SimpleNamespace(total=80 << 30, used=machine.used[handle], free=(80 << 30) - machine.used[handle])


def nvmlDeviceGetUtilizationRates(handle):  # noqa: N802
    if isinstance(handle, tuple):
        raise NVMLError(3)  # an instance of a divided device has none
    return SimpleNamespace(gpu=machine.busy_percent, memory=0)
