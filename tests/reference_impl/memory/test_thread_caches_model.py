"""Caches of two threads over one pool, against a model: who keeps what, by its size, and what the pool lends."""

from __future__ import annotations

import itertools
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from reference_impl.memory import BlockPool, PoolError, ThreadCaches

UNIT, CACHE_UNITS = 64, 10
SIZES = st.one_of(st.sampled_from([0, 1, 64, 65, 128, 300]), st.integers(0, UNIT * (CACHE_UNITS + 2)))
THREADS = st.integers(0, 1)


def units(nbytes):
    return max(1, -(-nbytes // UNIT))


class ThreadCachesMachine(RuleBasedStateMachine):
    """What a thread keeps is foretold by size: the pool's own order of addresses is another test's."""

    blocks = Bundle("blocks")
    stale = Bundle("stale")

    def __init__(self):
        super().__init__()
        self.pool = BlockPool(UNIT * 4_096)
        self.caches = ThreadCaches(self.pool, cache_bytes=UNIT * CACHE_UNITS)
        self.threads = [ThreadPoolExecutor(1), ThreadPoolExecutor(1)]
        self.live = {}
        self.kept = [defaultdict(int), defaultdict(int)]  # of every thread: how many spans of so many units
        self.has_cache = [False, False]
        self.arrays = []
        self.count = self.hits = 0

    def teardown(self):
        for thread in self.threads:
            thread.shutdown()

    def on(self, thread, function, *arguments):
        return self.threads[thread].submit(function, *arguments).result()

    @rule(target=blocks, thread=THREADS, nbytes=SIZES)
    def allocate(self, thread, nbytes):
        block = self.on(thread, self.caches.allocate, nbytes)
        self.has_cache[thread] = True
        assert block.nbytes == nbytes
        assert block.address % UNIT == 0
        # Zero bytes are asked for as no units, which no cache holds.
        size = units(nbytes) if nbytes else 0
        if self.kept[thread][size]:
            self.kept[thread][size] -= 1
            self.hits += 1
        self.count += 1
        block.array(nbytes, np.uint8)[:] = self.count % 251
        self.live[self.count] = block
        return self.count

    def keep(self, thread, size):
        """A cache that holds more than its limit hands in all it has."""
        kept = self.kept[thread]
        kept[size] += 1
        if sum(each * number for each, number in kept.items()) > CACHE_UNITS:
            kept.clear()

    @rule(target=stale, thread=THREADS, name=consumes(blocks))
    def free(self, thread, name):
        """Into the cache of the thread that frees, whoever allocated; if it has none, to the pool."""
        block = self.live.pop(name)
        self.on(thread, self.caches.free, block)
        if self.has_cache[thread]:
            self.keep(thread, units(block.nbytes))
        return block

    @rule(name=consumes(blocks))
    def drop(self, name):
        del self.live[name]

    @rule(target=stale, thread=THREADS, name=consumes(blocks))
    def free_what_an_array_still_uses(self, thread, name):
        """It goes to nobody before the array does, and then to the pool: any thread may let go of an array."""
        block = self.live.pop(name)
        self.arrays.append((block.array(block.nbytes, np.uint8), name % 251))
        self.on(thread, self.caches.free, block)
        return block

    @rule()
    def let_go_of_the_arrays(self):
        self.arrays.clear()

    @rule(thread=THREADS)
    def empty_cache(self, thread):
        self.on(thread, self.caches.empty_cache)
        self.kept[thread].clear()

    @rule(thread=THREADS)
    def end_a_thread(self, thread):
        self.threads[thread].shutdown()
        self.threads[thread] = ThreadPoolExecutor(1)
        self.kept[thread].clear()
        self.has_cache[thread] = False

    @rule(thread=THREADS, block=stale)
    def free_again(self, thread, block):
        with pytest.raises(PoolError, match="was freed before"):
            self.on(thread, self.caches.free, block)

    @rule(name=blocks)
    def free_at_the_shared_pool(self, name):
        """The block is the caches': the pool below must not take it, and all stays as it was."""
        with pytest.raises(PoolError, match="of another pool"):
            self.pool.free(self.live[name])

    @invariant()
    def blocks_lie_apart_and_keep_what_was_written(self):
        stretches = [(block.address, units(block.nbytes)) for block in self.live.values()]
        stretches += [(array.ctypes.data, units(array.nbytes)) for array, _ in self.arrays]
        stretches.sort()
        for (address, size), (following, _) in itertools.pairwise(stretches):
            assert address + UNIT * size <= following
        for name, block in self.live.items():
            assert (block.array(block.nbytes, np.uint8) == name % 251).all()
        for array, value in self.arrays:
            assert (array == value).all()

    @invariant()
    def the_books_agree(self):
        lent = sum(units(block.nbytes) for block in self.live.values())
        lent += sum(units(array.nbytes) for array, _ in self.arrays)
        kept = sum(size * number for sizes in self.kept for size, number in sizes.items())
        assert self.caches.allocated_bytes == UNIT * lent
        assert self.pool.allocated_bytes == UNIT * (lent + kept)
        assert (self.caches.allocations, self.caches.hits) == (self.count, self.hits)
        assert self.caches.free_bytes == self.caches.reserved_bytes - UNIT * (lent + kept)
        assert self.caches.largest_free_bytes == self.pool.largest_free_bytes <= self.caches.free_bytes
        assert self.caches.misses == self.count - self.hits


TestThreadCaches = ThreadCachesMachine.TestCase
TestThreadCaches.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
