"""A source of little memory, that counts what it is asked for."""

from __future__ import annotations

from reference_impl.memory.device import HostMemory


class SmallMemory(HostMemory):
    def __init__(self, nbytes):
        super().__init__()
        self.nbytes, self.taken = nbytes, {}
        self.now_on = 0  # the stream

    def total_bytes(self):
        return self.nbytes

    def stream(self):
        return self.now_on

    def allocate(self, nbytes):
        if sum(self.taken.values()) + nbytes > self.nbytes:
            raise MemoryError("the device is full")
        address = super().allocate(nbytes)
        self.taken[address] = nbytes
        return address

    def free(self, address):
        del self.taken[address]
        super().free(address)
