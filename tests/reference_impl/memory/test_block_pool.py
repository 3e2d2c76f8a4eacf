from __future__ import annotations

import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from pytest_memguard.model.protocols import PoolCounters
from reference_impl.memory import BlockPool, PoolError, PoolExhaustedError, ThreadCaches

KIB = 1024


def test_blocks_are_aligned_and_hold_what_is_asked_for():
    pool = BlockPool(64 * KIB, alignment=256)
    blocks = [pool.allocate(nbytes) for nbytes in (0, 1, 255, 256, 257)]
    assert [block.nbytes for block in blocks] == [0, 1, 255, 256, 257]
    assert all(block.address % 256 == 0 for block in blocks)
    assert pool.allocated_bytes == 256 * (1 + 1 + 1 + 1 + 2)
    assert isinstance(pool, PoolCounters)


def test_an_array_of_a_block():
    pool = BlockPool(KIB)
    with pool.block(200) as block:
        array = block.array((5, 5))
        assert (array.shape, array.dtype, array.ctypes.data) == ((5, 5), np.float64, block.address)
        assert type(array) is np.ndarray
        array[:] = 7
        np.testing.assert_array_equal(block.array(25), 7)
        with pytest.raises(PoolError, match=r"got shape \(26,\) of float64, 208 B, allowed: 200 B"):
            block.array(26)
        with pytest.raises(PoolError, match="holds objects"):
            block.array(1, object)
        assert "200 B, at 0x" in repr(block)
    assert "freed" in repr(block)
    with pytest.raises(PoolError, match="this block of 200 B was freed"):
        _ = block.address


def test_memory_is_not_handed_out_while_an_array_of_it_lives():
    pool = BlockPool(KIB)
    block = pool.allocate(KIB)
    part = block.array((2, 64))[1, ::2]
    pool.free(block)
    with pytest.raises(PoolExhaustedError, match="allowed: up to 0 B, the largest free stretch of 0 B"):
        pool.allocate(1)
    del part
    assert pool.free_bytes == KIB
    pool.allocate(KIB)


def test_the_smallest_hole_that_fits_is_taken():
    pool = BlockPool(64 * 100)
    sizes = [10, 1, 3, 1, 5, 1]
    blocks = [pool.allocate(64 * size) for size in sizes]
    addresses = [block.address for block in blocks]
    for block in blocks[::2]:
        pool.free(block)
    assert pool.largest_free_bytes == 64 * (100 - sum(sizes))
    assert pool.allocate(64 * 3).address == addresses[2]
    assert pool.allocate(64 * 4).address == addresses[4]
    assert pool.allocate(64 * 6).address == addresses[0]


@pytest.mark.parametrize(
    "order", [range, lambda n: reversed(range(n)), lambda n: [*range(0, n, 2), *range(1, n, 2)]]
)
def test_free_memory_becomes_one_stretch_again(order):
    pool = BlockPool(64 * 300)
    blocks = [pool.allocate(64) for _ in range(300)]
    assert pool.free_bytes == 0
    for k in order(300):
        pool.free(blocks[k])
    assert pool.largest_free_bytes == pool.free_bytes == 64 * 300
    assert pool.allocate(64 * 300).nbytes == 64 * 300


def test_compaction_moves_contents_with_their_blocks():
    pool = BlockPool(64 * 40)
    blocks = [pool.allocate(64 * size) for size in (3, 5, 2, 7, 4, 6)]
    for k, block in enumerate(blocks):
        block.array(block.nbytes, np.uint8)[:] = k
    for block in blocks[::2]:
        pool.free(block)
    assert pool.largest_free_bytes < pool.free_bytes
    held = blocks[3].array(1, np.uint8)
    assert pool.compact() == 64 * (5 + 6)  # as far as the one that is held
    assert held.ctypes.data == blocks[3].address
    del held
    assert pool.compact() == 64 * (7 + 6)
    assert pool.largest_free_bytes == pool.free_bytes == 64 * 22
    for k in (1, 3, 5):
        assert (blocks[k].array(blocks[k].nbytes, np.uint8) == k).all()
    assert pool.compact() == 0


def test_a_pool_goes_when_nobody_has_it_and_an_array_of_it_stays():
    pool = BlockPool(KIB)
    memory = weakref.ref(pool.allocate(1).span.arena.memory)
    block = pool.allocate(80)
    array = block.array(10)
    array[:] = 7
    del pool, block
    assert memory() is not None
    assert (array == 7).all()
    del array
    assert memory() is None


def test_a_pool_that_grows():
    pool = BlockPool(KIB, when_full="grow")
    blocks = [pool.allocate(nbytes) for nbytes in (KIB, 100, 5 * KIB)]
    assert (pool.hits, pool.misses) == (1, 2)
    assert pool.reserved_bytes == 7 * KIB
    for block in blocks:
        pool.free(block)
    assert pool.reserved_bytes == pool.free_bytes == 7 * KIB
    assert pool.largest_free_bytes == 5 * KIB
    keeps_one = pool.allocate(1)
    pool.empty_cache()
    assert pool.reserved_bytes == KIB
    assert keeps_one.address % 64 == 0
    pool.reset_high_water()
    assert (pool.high_water_allocated_bytes, pool.high_water_reserved_bytes) == (64, KIB)


def test_a_pool_that_falls_back_on_the_system():
    pool = BlockPool(KIB, when_full="fallback")
    home, away = pool.allocate(1_000), pool.allocate(5_000)
    assert (pool.hits, pool.misses) == (1, 1)
    assert pool.reserved_bytes == KIB + 64 * 79
    array = away.array(625)
    array[:] = 1
    pool.free(away)
    assert pool.reserved_bytes > KIB
    del array
    assert pool.frees == 1
    assert pool.reserved_bytes == KIB
    assert pool.high_water_reserved_bytes == KIB + 64 * 79
    pool.free(home)
    assert pool.largest_free_bytes == KIB


@pytest.mark.parametrize(
    ("nbytes", "message"),
    [
        (-1, "got -1 B, allowed: >= 0"),
        (1.5, "got 1.5 bytes, allowed: a whole number"),
        ("1 KiB", "got '1 KiB' bytes"),
        (None, "got None bytes"),
        (sys.maxsize, "what can be addressed"),
        (2**70, "what can be addressed"),
    ],
)
def test_sizes_that_cannot_be(nbytes, message):
    pool = BlockPool(KIB, when_full="grow")
    with pytest.raises(PoolError, match=message):
        pool.allocate(nbytes)
    with pytest.raises(PoolError, match=r"allowed: (a whole number|>= 1|up to)"):
        BlockPool(nbytes)
    assert (pool.allocated_bytes, pool.reserved_bytes, pool.allocations) == (0, KIB, 0)


def test_more_than_the_system_has():
    pool = BlockPool(KIB, when_full="grow")
    with pytest.raises(MemoryError):
        pool.allocate(2**60)
    assert (pool.allocated_bytes, pool.reserved_bytes, pool.allocations) == (0, KIB, 0)
    with pytest.raises(MemoryError, match=r"got 2048 B, allowed: up to 1024 B"):
        BlockPool(KIB).allocate(2 * KIB)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"capacity_bytes": 0}, "got capacity_bytes=0, allowed: >= 1"),
        ({"alignment": 48}, "got alignment=48, allowed: a power of two"),
        ({"when_full": "wait"}, "got when_full='wait', allowed: raise, grow, fallback"),
    ],
)
def test_pools_that_cannot_be(arguments, message):
    with pytest.raises(PoolError, match=message):
        BlockPool(**{"capacity_bytes": KIB} | arguments)


def test_what_is_no_block_of_the_pool():
    pool, other = BlockPool(KIB), BlockPool(KIB)
    block = other.allocate(10)
    with pytest.raises(PoolError, match="a block of 10 B of another pool"):
        pool.free(block)
    with pytest.raises(PoolError, match="got ndarray, allowed: what allocate"):
        pool.free(block.array(1))
    other.free(block)
    with pytest.raises(PoolError, match="was freed before"):
        other.free(block)
    assert (other.frees, other.allocated_bytes, pool.frees) == (1, 0, 0)


def test_a_block_freed_in_another_thread():
    pool = BlockPool(KIB)
    block = pool.allocate(10)
    thread = threading.Thread(target=pool.free, args=(block,))
    thread.start()
    thread.join()
    assert pool.free_bytes == KIB


@pytest.fixture
def frequent_switches():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize("when_full", ["raise", "grow", "fallback"])
@pytest.mark.parametrize("face", [lambda pool: pool, lambda pool: ThreadCaches(pool, cache_bytes=4 * KIB)])
def test_eight_threads(frequent_switches, when_full, face):
    shared = BlockPool(64 * KIB, when_full=when_full)
    pool = face(shared)
    barrier = threading.Barrier(8)

    def work(seed):
        rng = np.random.default_rng(seed)
        live = []
        barrier.wait()
        for step in range(1_500):
            if len(live) > 20 or (live and rng.random() < 0.4):
                block, mark = live.pop(rng.integers(len(live)))
                assert (block.array(block.nbytes, np.uint8) == mark).all(), (
                    "another block wrote into this one"
                )
                if rng.random() < 0.8:
                    pool.free(block)
            else:
                try:
                    block = pool.allocate(int(rng.integers(1, 2_000)))
                except PoolExhaustedError:
                    continue
                block.array(block.nbytes, np.uint8)[:] = mark = (seed + step) % 251
                live.append((block, mark))
            if step % 500 == seed:
                shared.compact()
        return 0

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(work, range(8))) == [0] * 8
    assert pool.allocated_bytes == 0
    shared.empty_cache()
    assert shared.allocations == shared.frees
    assert shared.largest_free_bytes == shared.reserved_bytes == 64 * KIB


@pytest.mark.parametrize("face", [lambda pool: pool, ThreadCaches])
def test_one_block_is_freed_once_whoever_tries(frequent_switches, face):
    pool = face(BlockPool(64 * KIB))
    for _ in range(200):
        block = pool.allocate(64)
        barrier = threading.Barrier(4)

        def free(block=block, barrier=barrier):
            barrier.wait()
            try:
                pool.free(block)
            except PoolError:
                return 0
            return 1

        with ThreadPoolExecutor(4) as threads:
            assert sum(future.result() for future in [threads.submit(free) for _ in range(4)]) == 1
    assert (pool.allocations, pool.allocated_bytes) == (200, 0)
