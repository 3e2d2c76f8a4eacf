"""Block pools and what stands on them: what they hold, what a warm step asks the system for, what stays whole."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from pytest_memguard import KiB, MiB
from reference_impl.memory import (
    AdaptivePool,
    ArrayPool,
    BlockPool,
    ManagedMatrix,
    PressureRelief,
    ThreadCaches,
    gc_scope,
    typed_pools,
)

PYTHON_ITSELF = KiB(16)  # blocks, arrays, call frames
LARGE = 5_000  # rows and columns of complex128: 400 MB


@pytest.fixture
def block_pool(memguard):
    pool = BlockPool(MiB(64))
    memguard.watch(pool, "block_pool")
    return pool


def step(pool):
    """Blocks of a step come and go in an order of their own."""
    sizes = [KiB(1), KiB(300), 64, MiB(2), 5_000, KiB(90)]
    blocks = [pool.allocate(size) for size in sizes]
    for block in (*blocks[::2], *blocks[1::2]):
        pool.free(block)


@pytest.mark.memory_budget(
    probe="block_pool",
    peak=MiB(2) + KiB(392) + 128 + 5_056 - 64,
    leak="0 B",
    hit_rate=1.0,
    allocations=600,
    external_fragmentation=0.0,
)
def test_steps_leave_one_stretch_behind(block_pool):
    for _ in range(100):
        step(block_pool)


@pytest.mark.memory_budget(peak=PYTHON_ITSELF, leak="0 B", rounds=5, warmup=1)
def test_steps_ask_the_system_for_nothing(block_pool):
    step(block_pool)


@pytest.mark.memory_budget(peak=lambda capacity: capacity + PYTHON_ITSELF, leak="0 B", warmup=1)
@pytest.mark.parametrize("capacity", [MiB(4), MiB(16)])
def test_a_pool_is_its_arena(capacity):
    step(BlockPool(capacity))


@pytest.mark.memory_budget(peak=MiB(3) + PYTHON_ITSELF, leak="0 B", warmup=1)
def test_what_does_not_fit_is_borrowed_and_no_more():
    pool = BlockPool(MiB(1), when_full="fallback")
    step(pool)
    step(pool)


@pytest.mark.memory_budget(probe="block_pool", external_fragmentation=0.1, leak="0 B")
def test_a_pool_that_was_used_at_random_is_hardly_fragmented(block_pool):
    rng = np.random.default_rng(0)
    live = []
    for size in rng.integers(1, KiB(400), 2_000):
        live.append(block_pool.allocate(int(size)))
        if len(live) > 100:
            block_pool.free(live.pop(rng.integers(100)))
    block_pool.compact()


@pytest.fixture
def thread_caches(memguard):
    caches = ThreadCaches(BlockPool(MiB(16)))
    memguard.watch(caches, "thread_caches")
    return caches


@pytest.mark.memory_budget(probe="thread_caches", hit_rate=0.95, leak="0 B", external_fragmentation=0.01)
def test_threads_are_served_from_their_own_caches(thread_caches):
    def work():
        for _ in range(200):
            for block in [thread_caches.allocate(size) for size in (100, 1_000, 10_000)]:
                thread_caches.free(block)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.fixture
def pools(memguard):
    pools = typed_pools(MiB(16))
    memguard.watch(pools.real.pool, "typed_pools")
    return pools


@pytest.mark.memory_budget(probe="typed_pools", hit_rate=1.0, leak="0 B", allocations=300)
@pytest.mark.memory_budget(peak=2 * PYTHON_ITSELF, leak="0 B", rounds=3, warmup=1)
def test_typed_arrays_come_from_one_arena(pools):
    for _ in range(100):
        with pools.real.array((100, 3)) as x, pools.complex.array(500) as z, pools.integer.array(9) as k:
            x[:], z[:], k[:] = 1, 1j, 2


@pytest.mark.memory_budget(peak=MiB(8) + 8 * 40 + 2 * PYTHON_ITSELF, leak="0 B", warmup=1)
def test_relief_keeps_idle_arrays_of_many_shapes_below_its_limit():
    pool = ArrayPool()
    relief = PressureRelief(MiB(8), low_bytes=MiB(4), usage=lambda: pool.reserved_bytes)
    relief.register("idle arrays", pool.empty_cache)
    for more in range(40):
        pool.release(pool.acquire(MiB(1) + more, np.uint8))
        relief.check()


@pytest.fixture
def matrix_pool(memguard):
    pool = ArrayPool()
    memguard.watch(pool, "matrix_pool")
    return pool


@pytest.mark.memory_budget(probe="matrix_pool", peak=100 * 64 * 64 * 16, leak="0 B", fragmentation=0.1)
def test_a_hundred_managed_matrices_keep_their_data(matrix_pool):
    matrices = [ManagedMatrix(64, 64, pool=matrix_pool) for _ in range(100)]
    for k, matrix in enumerate(matrices):
        matrix[...] = k * (1 + 1j)
    assert all((matrix.array == k * (1 + 1j)).all() for k, matrix in enumerate(matrices))


@pytest.mark.memory_budget(peak=PYTHON_ITSELF, leak="0 B", rounds=3, warmup=1)
def test_matrices_come_back_whoever_forgets_them(matrix_pool):
    loop = [ManagedMatrix(64, 64, pool=matrix_pool)]
    loop.append(loop)


@pytest.mark.time_budget(max="100 ms")
@pytest.mark.benchmark(timer=time.process_time, min_rounds=200, max_time=0.2)
def test_a_large_matrix_is_there_at_once(benchmark):
    pool = ArrayPool()
    pool.release(pool.acquire((LARGE, LARGE), np.complex128))

    def large():
        with pool.array((LARGE, LARGE), np.complex128) as matrix:
            matrix[::100, ::256] = 1j

    benchmark(large)


@pytest.mark.time_budget(max="100 ms")
@pytest.mark.benchmark(timer=time.process_time, min_time=0.001, max_time=0.2)
@pytest.mark.usefixtures("trimmed")  # or the one page is a huge one, or not
def test_a_large_managed_matrix_is_there_at_once_without_one_before(benchmark):
    def large():
        with ManagedMatrix(LARGE, LARGE, pool=ArrayPool()) as matrix:
            matrix[-1, -1] = 1j

    benchmark(large)


@pytest.mark.memory_budget(peak=MiB(4), probe="rss")  # a huge page
def test_zeros_that_nobody_writes_to_are_not_resident(matrix_pool):
    assert not ManagedMatrix(LARGE, LARGE, pool=matrix_pool)[-1, -1]


@pytest.fixture
def adaptive_pool(memguard):
    pool = AdaptivePool("4MiB")
    memguard.watch(pool, "adaptive_pool")
    return pool


@pytest.mark.memory_budget(probe="adaptive_pool", hit_rate=0.9, leak="0 B")
def test_what_every_step_needs_survives_what_one_step_needs(adaptive_pool):
    for step in range(50):
        for _ in range(10):
            with adaptive_pool.array((100, 100)), adaptive_pool.array(5_000):
                pass
        with adaptive_pool.array(MiB(1) // 8 + step):
            pass


@pytest.mark.memory_budget(peak=KiB(200), leak="0 B", rounds=3, warmup=1)
def test_a_scope_collects_what_was_made_in_it():
    with gc_scope():
        for _ in range(1_000):
            loop = []
            loop.append(loop)


@pytest.fixture(scope="module")
def alive():
    with gc_scope(collect=False):
        return [[] for _ in range(1_000_000)]


@pytest.mark.time_budget(max="5 ms")  # gc.collect() takes 24 and more
@pytest.mark.benchmark(timer=time.process_time, max_time=0.2)
def test_a_scope_looks_at_none_of_a_million_lists_that_lived_before(benchmark, alive):
    def scope():
        with gc_scope():
            pass

    benchmark(scope)
    assert len(alive) == 1_000_000
