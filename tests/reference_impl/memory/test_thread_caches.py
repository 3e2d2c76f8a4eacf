from __future__ import annotations

import threading

import numpy as np
import pytest

from pytest_memguard.model.protocols import PoolCounters
from reference_impl.memory import BlockPool, PoolError, PoolExhaustedError, ThreadCaches

KIB = 1024


@pytest.fixture
def shared():
    return BlockPool(64 * KIB)


@pytest.fixture
def caches(shared):
    return ThreadCaches(shared, cache_bytes=KIB)


def in_a_thread(function, *arguments):
    results = []
    thread = threading.Thread(target=lambda: results.append(function(*arguments)))
    thread.start()
    thread.join()
    return results[0]


def test_a_thread_gets_back_what_it_freed(shared, caches):
    with caches.block(100) as block:
        address = block.address
        assert caches.allocated_bytes == shared.allocated_bytes == 128
        assert block.address % 64 == 0
    assert (caches.allocated_bytes, shared.allocated_bytes) == (0, 128)
    again = caches.allocate(128)
    assert again.address == address
    assert (caches.hits, caches.misses, caches.allocations, shared.allocations) == (1, 1, 2, 1)
    assert isinstance(caches, PoolCounters)


def test_another_thread_does_not(caches):
    block = caches.allocate(100)
    caches.free(block)
    assert in_a_thread(lambda: caches.allocate(100)).address != caches.allocate(100).address
    assert (caches.hits, caches.misses) == (1, 2)


def test_a_cache_that_is_full_goes_to_the_shared_pool(shared, caches):
    blocks = [caches.allocate(256) for _ in range(5)]
    for block in blocks[:4]:
        caches.free(block)
    assert shared.allocated_bytes == 5 * 256
    caches.free(blocks[4])
    assert shared.allocated_bytes == 0


def test_a_cache_goes_to_the_shared_pool_with_its_thread_and_on_request(shared, caches):
    def work():
        for block in [caches.allocate(100) for _ in range(4)]:
            caches.free(block)
        return shared.allocated_bytes

    assert in_a_thread(work) == 512
    assert shared.allocated_bytes == 0
    assert work() == 512
    assert (caches.hits, caches.misses) == (0, 8)
    caches.empty_cache()
    assert shared.largest_free_bytes == 64 * KIB
    in_a_thread(caches.empty_cache)
    for _ in range(100):
        in_a_thread(work)
    assert caches.misses == 408


def test_a_cache_belongs_to_the_thread_that_frees(shared, caches):
    block = in_a_thread(caches.allocate, 100)
    address = block.address
    own = caches.allocate(1)
    caches.free(block)
    assert caches.allocate(100).address == address
    in_a_thread(caches.free, own)  # that thread has no cache
    assert (caches.allocated_bytes, shared.allocated_bytes) == (0, 0)


class FreedLate:
    """Frees its block when it goes itself."""

    def __init__(self, caches):
        self.caches, self.block = caches, caches.allocate(100)

    def __del__(self):
        self.caches.free(self.block)


def test_what_is_freed_when_a_thread_has_ended_comes_back_too(shared, caches):
    def work(things):
        things.late = FreedLate(caches)
        things.more = [caches.allocate(100) for _ in range(3)]
        caches.free(caches.allocate(300))

    for _ in range(3):
        in_a_thread(work, threading.local())
    assert (shared.allocated_bytes, caches.allocated_bytes) == (0, 0)
    assert shared.allocations == shared.frees
    assert caches.allocations == 3 * 5


def test_memory_is_not_handed_out_while_an_array_of_it_lives(shared, caches):
    block = caches.allocate(100)
    array = block.array(100, np.uint8)
    caches.free(block)
    assert caches.allocate(100).address != array.ctypes.data
    del array
    del block
    assert shared.allocated_bytes == 0


def test_a_block_that_is_dropped_goes_to_the_shared_pool(shared, caches):
    caches.allocate(100)
    assert (caches.allocated_bytes, shared.allocated_bytes) == (0, 0)


def test_errors_are_those_of_the_shared_pool(shared, caches):
    block = caches.allocate(10)
    with pytest.raises(PoolError, match="of another pool"):
        shared.free(block)
    caches.free(block)
    with pytest.raises(PoolError, match="was freed before"):
        caches.free(block)
    with pytest.raises(PoolError, match="got int, allowed"):
        caches.free(3)
    with pytest.raises(PoolError, match="got -1 B"):
        caches.allocate(-1)
    with pytest.raises(PoolExhaustedError, match="largest free stretch"):
        caches.allocate(65 * KIB)
    with pytest.raises(PoolError, match="got -5 B"):
        ThreadCaches(shared, cache_bytes=-5)
    assert (caches.misses, caches.allocated_bytes) == (1, 0)
