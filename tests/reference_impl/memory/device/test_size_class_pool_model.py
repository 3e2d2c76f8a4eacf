"""The pool against a model: what is live, what is idle by stream and size, and what the source gave."""

from __future__ import annotations

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from reference_impl.memory.device import SizeClassPool
from reference_impl.memory.device.size_classes import SizeClasses
from tests.reference_impl.memory.device.small_memory import SmallMemory

LIMIT, CLASSES = 16 * 1024, SizeClasses()


class SizeClassPoolMachine(RuleBasedStateMachine):
    blocks = Bundle("blocks")

    def __init__(self):
        super().__init__()
        self.source = SmallMemory(LIMIT + 2048)
        self.pool = SizeClassPool(self.source, limit_bytes=LIMIT)
        self.live = {}
        self.count = self.refused = self.frees = self.high = 0

    @rule(target=blocks, nbytes=st.integers(0, 6000), stream=st.integers(0, 2))
    def allocate(self, nbytes, stream):
        self.source.now_on = stream
        size = CLASSES.of(nbytes)
        in_use = sum(self.live.values())
        try:
            address = self.pool.allocate(nbytes)
        except MemoryError:
            assert in_use + size > LIMIT
            return multiple()
        assert address not in self.live
        assert all(address + size <= other or other + taken <= address for other, taken in self.live.items())
        self.live[address] = size
        self.count += 1
        self.high = max(self.high, in_use + size)
        return address

    @rule(address=consumes(blocks), stream=st.integers(0, 2))
    def free(self, address, stream):
        self.source.now_on = stream
        self.pool.free(address)
        del self.live[address]
        self.frees += 1

    @rule(nbytes=st.integers(1, 3000), count=st.integers(1, 3))
    def preallocate(self, nbytes, count):
        try:
            self.pool.preallocate(nbytes, count)
        except MemoryError:
            assert sum(self.live.values()) + count * CLASSES.of(nbytes) > LIMIT

    @rule()
    def empty_cache(self):
        self.pool.empty_cache()
        assert Counter(self.source.taken.values()) == Counter(self.live.values())

    @invariant()
    def the_books_are_right(self):
        pool = self.pool
        assert pool.allocated_bytes == sum(self.live.values())
        assert pool.reserved_bytes == sum(self.source.taken.values()) <= LIMIT
        assert (pool.allocations, pool.frees) == (self.count, self.frees)
        assert pool.high_water_allocated_bytes == self.high
        assert set(self.live) <= set(self.source.taken)
        idle = [size for address, size in self.source.taken.items() if address not in self.live]
        assert pool.largest_free_bytes == max(idle, default=0)


TestSizeClassPool = SizeClassPoolMachine.TestCase
TestSizeClassPool.settings = settings(max_examples=40, stateful_step_count=30)
