"""What pools use of CuPy, on memory of the host, where work is done as late as CUDA may do it."""

from __future__ import annotations

import ctypes
from contextlib import contextmanager
from types import SimpleNamespace

PER_THREAD = 2


class Stream:
    def __init__(self, ptr):
        self.ptr, self.queue = ptr, []

    def synchronize(self):
        while self.queue:
            self.queue.pop(0)()


class FakeCuda:
    """Two devices; ``current`` and ``null`` are their streams, which wait for nobody that is not synchronized."""

    def __init__(self):
        self.number, self.taken = 0, {}
        self.null = [Stream(0), Stream(0)]
        self.current = list(self.null)
        self.streams = [[stream] for stream in self.null]  # of each device
        self.runtime = SimpleNamespace(
            getDeviceCount=lambda: 2,
            memGetInfo=lambda: (1 << 20, 1 << 20),
            malloc=self.malloc,
            free=self.free,
            memcpy=self.memcpy,
            memcpyHostToDevice=1,
            memcpyDeviceToHost=2,
            deviceSynchronize=self.synchronize,
            streamPerThread=PER_THREAD,
            CUDARuntimeError=RuntimeError,
        )
        self.PythonFunctionAllocator = Allocator

    def stream(self, ptr):
        made = Stream(ptr)
        self.streams[self.number].append(made)
        return made

    @contextmanager
    def Device(self, number):  # noqa: N802 - so it is in CuPy
        before, self.number = self.number, number
        yield
        self.number = before

    def get_current_stream(self, device_id=-1):
        return self.current[self.number if device_id < 0 else device_id]

    def malloc(self, nbytes):
        block = ctypes.create_string_buffer(nbytes)
        self.taken[ctypes.addressof(block)] = self.number, block
        return ctypes.addressof(block)

    def free(self, address):
        del self.taken[address]

    def synchronize(self):
        for stream in self.streams[self.number]:
            stream.synchronize()

    def memcpy(self, to, of, nbytes, kind):
        """On the null stream; to the device what was staged arrives later, as it may from pageable memory."""
        stream = self.null[self.number]
        if kind == self.runtime.memcpyHostToDevice:
            staged = ctypes.string_at(of, nbytes)
            stream.queue.append(lambda: ctypes.memmove(to, staged, nbytes))
        else:
            stream.synchronize()
            ctypes.memmove(to, of, nbytes)


class Allocator:
    def __init__(self, malloc, free):
        self._malloc, self._free = malloc, free

    def malloc(self, nbytes):
        return self._malloc(nbytes, self.device)
