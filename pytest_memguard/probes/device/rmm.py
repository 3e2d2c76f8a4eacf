"""RMM, the memory manager of RAPIDS.

Its resources are stacked. While a window is open one that counts is there: the ``StatisticsResourceAdaptor`` that was
on top, which knows the buffers from before, or else one of our own. Its counters are a stack as well: those on top
begin at zero, and are added to the ones below when they are taken away. That is how marks of a window are read, as
``rmm.statistics.statistics()`` does it. Above it stands another one, so that what others push meanwhile, the program or
another probe, is pushed there. Buffers that keep to a resource of their own are not counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_memguard.probes.device import library
from pytest_memguard.probes.device.known import Known
from pytest_memguard.probes.device.probe import DeviceProbe
from pytest_memguard.probes.device.replaced import Replaced

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RmmSource", "rmm_probe"]


def rmm_probe() -> DeviceProbe:
    return DeviceProbe(RmmSource())


def _stack(resource: Any) -> Iterator[Any]:
    """The resource and all that it takes its memory from."""
    while resource is not None:
        yield resource
        resource = resource.get_upstream() if hasattr(resource, "get_upstream") else None


def _behind_closed(resource: Any) -> Any:
    """What is in force behind the resources of windows that are closed."""
    while getattr(resource, "is_closed", False):
        resource = resource.found
    return resource


class RmmSource:
    name = "rmm"

    def __init__(self) -> None:
        self._mr: Any = None  # the module rmm.mr
        self._ours: Any = None  # the resource that stands on top
        self._adaptor: Any = None  # what counts
        self._pool: Any = None
        self._choosing: Any = None  # stands for set_current_device_resource
        self._was_bypassed = False
        self._base_bytes = self._base_count = 0  # below the counters on top

    def load(self) -> str | None:
        return library.load("rmm")

    def unavailable(self) -> str | None:
        if (reason := library.absence("rmm")) is not None:
            return reason
        rmm: Any = library.imported("rmm")
        try:
            rmm.mr.get_current_device_resource()
        except Exception as error:  # noqa: BLE001 - which one depends on where the driver was missed
            return f"no CUDA device: {error}"
        return None

    def attach(self) -> str | None:
        rmm: Any = library.imported("rmm")
        self._mr = rmm.mr
        found = _behind_closed(self._mr.get_current_device_resource())
        self._pool = next((resource for resource in _stack(found) if hasattr(resource, "pool_size")), None)
        counting = self._mr.StatisticsResourceAdaptor
        is_theirs = isinstance(found, counting) and not hasattr(
            found, "is_closed"
        )  # as ours, of another probe
        self._adaptor = found if is_theirs else counting(found)
        self._ours = type("OnTop", (counting,), {"is_closed": False, "found": found})(self._adaptor)
        self._mr.set_current_device_resource(self._ours)
        self._was_bypassed = False
        self._choosing = Replaced(self._mr, "set_current_device_resource", self._chosen)
        self._push()
        return None

    def _chosen(self, mr: Any) -> None:
        if not any(resource is self._ours for resource in _stack(mr)):
            self._was_bypassed = True

    def _push(self) -> None:
        below = self._adaptor.push_counters()
        self._base_bytes, self._base_count = below.current_bytes, below.total_count

    def detach(self) -> None:
        """What stands above ours stays, as another probe's that opened later: ours passes on then."""
        self._choosing.close()
        self._adaptor.pop_counters()
        self._ours.is_closed = True
        if self._mr.get_current_device_resource() is self._ours:  # another one is somebody else's choice
            self._mr.set_current_device_resource(_behind_closed(self._ours))
        self._ours = self._adaptor = self._pool = None

    def trouble(self) -> str:
        current = _stack(self._mr.get_current_device_resource())
        if not self._was_bypassed and any(resource is self._ours for resource in current):
            return ""
        return "another RMM resource or device became the current one, and what it handed out was not seen"

    def notes(self) -> tuple[str, ...]:
        return ()

    @property
    def allocated_bytes(self) -> int:
        return int(self._base_bytes + self._adaptor.allocation_counts.current_bytes)

    @property
    def reserved_bytes(self) -> int | None:
        """What the pool holds, where there is one among the resources."""
        return None if self._pool is None else int(self._pool.pool_size())

    @property
    def allocations(self) -> int:
        return int(self._base_count + self._adaptor.allocation_counts.total_count)

    @property
    def high_water_allocated_bytes(self) -> int:
        return int(self._base_bytes + self._adaptor.allocation_counts.peak_bytes)

    @property
    def high_water_reserved_bytes(self) -> int | None:
        """A pool of RMM gives nothing back, so it never held more than now."""
        return self.reserved_bytes

    def reset_high_water(self) -> None:
        self._adaptor.pop_counters()
        self._push()

    def settle(self) -> None:
        """RMM keeps no cache that holds buffers."""

    def evidence(self) -> str:
        return ""

    def known_allocation(self, nbytes: int) -> object:
        """Not given back to the driver where it comes from a pool, which keeps what it has."""
        rmm: Any = library.imported("rmm")
        return Known(rmm.DeviceBuffer(size=nbytes), lambda: None)
