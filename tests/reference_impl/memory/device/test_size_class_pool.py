from __future__ import annotations

import gc
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memguard.model.protocols import PoolCounters
from reference_impl.memory import PoolError, PoolExhaustedError
from reference_impl.memory.device import HostMemory, LiveBlocks, SizeClassPool
from reference_impl.memory.device.size_classes import SizeClasses
from tests.reference_impl.memory.device.small_memory import SmallMemory

KIB = 1024


@given(st.integers(0, 2**50))
def test_a_class_is_the_smallest_one_and_wastes_a_quarter_at_most(nbytes):
    size = SizeClasses().of(nbytes)
    assert size % 512 == 0
    assert size >= nbytes
    assert size <= 512 or size - nbytes < max(512, nbytes / 4)
    assert SizeClasses().of(size) == size


@given(st.integers(0, 2**40), st.integers(0, 2**40))
def test_classes_are_ordered_and_four_per_doubling(one, other):
    small, large = sorted((one, other))
    assert SizeClasses().of(small) <= SizeClasses().of(large)
    assert len({SizeClasses().of(nbytes) for nbytes in range(8 * KIB + 1, 16 * KIB + 1, 64)}) == 4


def test_classes_of_one_s_own():
    classes = SizeClasses([100_000, 1, 4096])
    assert [classes.of(n) for n in (0, 512, 513, 4096, 4097, 100_352, 100_353)] == [
        512, 512, 4096, 4096, 100_352, 100_352, 100_864,
    ]  # fmt: skip
    assert classes.keeps(100_352)
    assert not classes.keeps(100_864)


@pytest.mark.parametrize("given", [[], [0], [512, -1]])
def test_classes_that_are_none(given):
    with pytest.raises(PoolError, match=r"got size_classes=\[.*\], allowed: one size at least, each >= 1 B"):
        SizeClasses(given)


def test_what_was_freed_is_handed_out_again_by_class():
    pool = SizeClassPool(HostMemory(), limit_bytes=2**20)
    first = pool.allocate(5000)
    assert first % 512 == 0
    assert (pool.allocated_bytes, pool.requested_bytes, pool.reserved_bytes) == (5120, 5000, 5120)
    pool.free(first)
    assert pool.allocate(5100) == first
    assert pool.allocate(5100) != first
    assert (pool.hits, pool.misses, pool.allocations, pool.frees) == (1, 2, 3, 1)
    assert pool.high_water_allocated_bytes == pool.high_water_reserved_bytes == 10240
    assert isinstance(pool, PoolCounters)


def test_streams_share_no_blocks():
    source = SmallMemory(2**20)
    pool = SizeClassPool(source, limit_bytes=2**20)
    block = pool.allocate(1000)
    source.now_on = 7
    pool.free(block)  # on whatever stream: it was asked for on 0
    other = pool.allocate(1000)
    assert other != block
    source.now_on = 0
    assert pool.allocate(1000) == block


def test_idle_blocks_of_other_sizes_and_streams_make_room():
    source = SmallMemory(2**20)
    pool = SizeClassPool(source, limit_bytes=8 * KIB)
    for nbytes in (4 * KIB, 2 * KIB, KIB):
        pool.free(pool.allocate(nbytes))
    source.now_on = 1
    pool.allocate(5 * KIB)
    assert pool.reserved_bytes == 8 * KIB  # the largest went, and was enough
    assert pool.largest_free_bytes == 2 * KIB


def test_the_limit_is_one():
    pool = SizeClassPool(HostMemory(), limit_bytes=8 * KIB)
    kept = pool.allocate(5 * KIB)
    with pytest.raises(
        PoolExhaustedError, match="got 4096 B, allowed: up to 3072 B beside 5120 B in use, of 8192 B"
    ):
        pool.allocate(4 * KIB)
    assert (pool.allocated_bytes, pool.reserved_bytes, pool.misses) == (5120, 5120, 1)
    pool.free(kept)
    pool.allocate(8 * KIB)


def test_a_full_source_is_asked_again_without_what_is_idle():
    source = SmallMemory(8 * KIB)
    pool = SizeClassPool(source, limit_bytes=2**20)
    pool.free(pool.allocate(6 * KIB))
    pool.allocate(7 * KIB)
    assert list(source.taken.values()) == [7 * KIB]
    with pytest.raises(MemoryError, match="the device is full"):
        pool.allocate(2 * KIB)
    assert (pool.allocated_bytes, pool.reserved_bytes) == (7 * KIB, 7 * KIB)


def test_blocks_above_the_largest_class_are_not_kept():
    source = SmallMemory(2**20)
    pool = SizeClassPool(source, limit_bytes=2**20, size_classes=[KIB, 4 * KIB])
    pool.free(pool.allocate(5 * KIB))
    pool.free(pool.allocate(3 * KIB))
    assert pool.reserved_bytes == 4 * KIB
    assert list(source.taken.values()) == [4 * KIB]


def test_preallocated_blocks_are_hits():
    source = SmallMemory(2**20)
    pool = SizeClassPool(source, limit_bytes=32 * KIB, size_classes=[KIB, 4 * KIB])
    pool.preallocate(3000, 3)
    pool.preallocate(3000, 2)  # there are
    assert (pool.allocated_bytes, pool.reserved_bytes, len(source.taken)) == (0, 12 * KIB, 3)
    for _ in range(3):
        pool.allocate(4000)
    assert (pool.hits, pool.misses) == (3, 0)
    with pytest.raises(PoolError, match="got 5000 B, allowed: up to 4096 B, the largest size class"):
        pool.preallocate(5000)
    with pytest.raises(PoolExhaustedError):
        pool.preallocate(4000, 100)
    assert pool.reserved_bytes == 32 * KIB  # what there was room for is there, and known
    pool.empty_cache()
    assert (pool.reserved_bytes, len(source.taken)) == (12 * KIB, 3)


def test_the_largest_blocks():
    pool = SizeClassPool(HostMemory(), limit_bytes=2**20)
    kept = [pool.allocate(nbytes) for nbytes in (KIB, 10 * KIB, KIB, 4 * KIB, 4 * KIB, 4 * KIB)]
    assert pool.largest_blocks(2) == [LiveBlocks(4 * KIB, 3), LiveBlocks(10 * KIB, 1)]
    pool.free(kept[1])
    assert pool.largest_blocks() == [LiveBlocks(4 * KIB, 3), LiveBlocks(KIB, 2)]


@pytest.mark.parametrize("nbytes", [-1, 1.5, "1", None])
def test_sizes_that_are_none(nbytes):
    pool = SizeClassPool(HostMemory(), limit_bytes=2**20)
    with pytest.raises(PoolError, match=r"allowed: .*>= 0"):
        pool.allocate(nbytes)
    assert pool.allocations == 0


def test_addresses_that_are_none():
    pool = SizeClassPool(HostMemory(), limit_bytes=2**20)
    block = pool.allocate(10)
    pool.free(block)
    for address in (block, 12345):
        with pytest.raises(PoolError, match=r"allowed: one that allocate\(\) returned, once"):
            pool.free(address)
    assert (pool.frees, pool.allocated_bytes) == (1, 0)


def test_a_limit_that_is_none():
    with pytest.raises(PoolError, match="got limit_bytes=0, allowed: >= 1"):
        SizeClassPool(HostMemory(), limit_bytes=0)


def test_a_dropped_pool_gives_everything_back():
    source = SmallMemory(2**20)
    pool = SizeClassPool(source, limit_bytes=2**20)
    blocks = [pool.allocate(nbytes) for nbytes in (100, 5000, 90_000)]
    for block in blocks:
        pool.free(block)
    del pool
    assert not source.taken


def test_a_finalizer_may_free_in_the_middle_of_a_request():
    class Late(SmallMemory):
        def allocate(self, nbytes):
            gc.collect()  # as any allocation of an object might
            return super().allocate(nbytes)

    pool = SizeClassPool(Late(2**20), limit_bytes=2**20)

    class Cycle:
        def __init__(self):
            self.me, self.block = self, pool.allocate(1000)

        def __del__(self):
            pool.free(self.block)

    for _ in range(20):
        Cycle()
        pool.allocate(500)
    gc.collect()
    assert (pool.allocated_bytes, pool.frees, pool.allocations) == (20 * 512, 20, 40)


def test_threads_keep_the_books():
    pool = SizeClassPool(HostMemory(), limit_bytes=2**26)
    errors = []

    def work(seed):
        rng = np.random.default_rng(seed)
        held = {}
        for step in range(400):
            nbytes = int(rng.integers(1, 20_000))
            address = pool.allocate(nbytes)
            held[address] = (nbytes, step % 251)
            np.frombuffer(pool.source.array(address, (nbytes,), np.dtype(np.uint8), None), np.uint8)[:] = (
                step % 251
            )
            if len(held) > 10:
                address, (nbytes, value) = held.popitem()
                if not (pool.source.array(address, (nbytes,), np.dtype(np.uint8), None) == value).all():
                    errors.append(address)
                pool.free(address)
        for address in held:
            pool.free(address)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert (pool.allocated_bytes, pool.allocations, pool.frees) == (0, 1600, 1600)
    pool.empty_cache()
    assert pool.reserved_bytes == 0
