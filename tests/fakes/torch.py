"""What the probes use of PyTorch: a caching allocator that counts, and knows no blocks."""

from __future__ import annotations

from types import SimpleNamespace

uint8 = "torch.uint8"
version = SimpleNamespace(cuda="12.8", hip=None)


class Device:
    """What a test may change."""

    def __init__(self) -> None:
        self.is_there, self.is_started, self.backend, self.inactive_split = True, False, "native", 0
        self.statistics = {
            name: {"all": {"current": 0, "peak": 0}}
            for name in ("allocated_bytes", "reserved_bytes", "requested_bytes")
        }

    def move(self, name: str, nbytes: int) -> None:
        counter = self.statistics[name]["all"]
        counter["current"] += nbytes
        counter["peak"] = max(counter["peak"], counter["current"])

    def allocate(self, nbytes: int) -> None:
        self.move("allocated_bytes", nbytes)
        used, held = (
            self.statistics[name]["all"]["current"] for name in ("allocated_bytes", "reserved_bytes")
        )
        if used > held:
            self.move("reserved_bytes", used - held)

    def reset_peaks(self) -> None:
        for counter in self.statistics.values():
            counter["all"]["peak"] = counter["all"]["current"]


machine = Device()
workspaces: list[Tensor] = []


class Tensor:
    def __init__(self, nbytes: int) -> None:
        self.nbytes, self._requested = -(-nbytes // 512) * 512, nbytes
        machine.allocate(self.nbytes)
        machine.move("requested_bytes", nbytes)

    def __del__(self) -> None:
        machine.move("allocated_bytes", -self.nbytes)
        machine.move("requested_bytes", -self._requested)


def empty(size: int, *, dtype: str, device: str) -> Tensor:
    assert (dtype, device) == (uint8, "cuda")
    machine.is_started = True
    return Tensor(size)


def _reset(device: int) -> None:
    assert device == 0
    machine.reset_peaks()


_C = SimpleNamespace(
    _cuda_resetPeakMemoryStats=_reset,
    _cuda_clearCublasWorkspaces=workspaces.clear,
)


def _start() -> None:
    machine.is_started = True


def _statistics(device=None):
    if not machine.is_started:
        return {}
    inactive = {"inactive_split_bytes": {"all": {"current": machine.inactive_split, "peak": 0}}}
    return machine.statistics | inactive


def _empty_cache() -> None:
    used, held = (
        machine.statistics[name]["all"]["current"] for name in ("allocated_bytes", "reserved_bytes")
    )
    machine.move("reserved_bytes", used - held)


cuda = SimpleNamespace(
    is_available=lambda: machine.is_there,
    is_initialized=lambda: machine.is_started,
    init=_start,
    current_device=lambda: 0,
    get_device_properties=lambda device: SimpleNamespace(
        pci_domain_id=0, pci_bus_id=device + 1, pci_device_id=0
    ),
    get_allocator_backend=lambda: machine.backend,
    memory_stats_as_nested_dict=_statistics,
    reset_peak_memory_stats=lambda device=0: _C._cuda_resetPeakMemoryStats(device),
    empty_cache=_empty_cache,
)
