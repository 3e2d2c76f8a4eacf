"""What the probes use of RMM: resources that stand on each other, and one of them that counts."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace


@dataclasses.dataclass
class Statistics:
    current_bytes: int = 0
    current_count: int = 0
    peak_bytes: int = 0
    peak_count: int = 0
    total_bytes: int = 0
    total_count: int = 0


class Machine:
    """What a test may change."""

    def __init__(self) -> None:
        self.has_device = True


machine = Machine()


class CudaMemoryResource:
    def allocate(self, nbytes: int) -> None:
        pass

    def deallocate(self, nbytes: int) -> None:
        pass


class _Upstream:
    def __init__(self, upstream_mr) -> None:
        self._upstream = upstream_mr

    def get_upstream(self):
        return self._upstream

    def allocate(self, nbytes: int) -> None:
        self._upstream.allocate(nbytes)

    def deallocate(self, nbytes: int) -> None:
        self._upstream.deallocate(nbytes)


class PoolMemoryResource(_Upstream):
    def __init__(self, upstream_mr, initial_pool_size: int) -> None:
        super().__init__(upstream_mr)
        self._size, self._used = initial_pool_size, 0

    def allocate(self, nbytes: int) -> None:
        self._used += nbytes
        self._size = max(self._size, self._used)

    def deallocate(self, nbytes: int) -> None:
        self._used -= nbytes

    def pool_size(self) -> int:
        return self._size


class LoggingResourceAdaptor(_Upstream):
    """Only to stand above another one."""


class StatisticsResourceAdaptor(_Upstream):
    def __init__(self, upstream_mr) -> None:
        super().__init__(upstream_mr)
        self._counters = [Statistics()]

    def allocate(self, nbytes: int) -> None:
        super().allocate(nbytes)
        top = self._counters[-1]
        top.current_bytes += nbytes
        top.peak_bytes = max(top.peak_bytes, top.current_bytes)
        top.total_bytes += nbytes
        top.current_count += 1
        top.total_count += 1

    def deallocate(self, nbytes: int) -> None:
        super().deallocate(nbytes)
        self._counters[-1].current_bytes -= nbytes
        self._counters[-1].current_count -= 1

    @property
    def allocation_counts(self) -> Statistics:
        return dataclasses.replace(self._counters[-1])

    def push_counters(self) -> Statistics:
        before = self.allocation_counts
        self._counters.append(Statistics())
        return before

    def pop_counters(self) -> Statistics:
        if len(self._counters) < 2:
            raise IndexError("cannot pop the last counter pair")
        top = self._counters.pop()
        below = self._counters[-1]
        below.peak_bytes = max(below.peak_bytes, below.current_bytes + top.peak_bytes)
        below.current_bytes += top.current_bytes
        below.current_count += top.current_count
        below.total_bytes += top.total_bytes
        below.total_count += top.total_count
        return top


_current = CudaMemoryResource()


def _get():
    if not machine.has_device:
        raise RuntimeError("cudaErrorNoDevice: no CUDA-capable device is detected")
    return _current


def _set(mr) -> None:
    global _current  # noqa: PLW0603 - so it is in RMM
    _current = mr


class DeviceBuffer:
    def __init__(self, *, size: int) -> None:
        self._resource, self.size = _get(), size
        self._resource.allocate(size)

    def __del__(self) -> None:
        self._resource.deallocate(self.size)


mr = SimpleNamespace(
    PoolMemoryResource=PoolMemoryResource,
    LoggingResourceAdaptor=LoggingResourceAdaptor,
    StatisticsResourceAdaptor=StatisticsResourceAdaptor,
    get_current_device_resource=_get,
    set_current_device_resource=_set,
)
