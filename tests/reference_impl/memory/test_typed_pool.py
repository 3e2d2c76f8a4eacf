from __future__ import annotations

import threading

import numpy as np
import pytest

from reference_impl.memory import (
    BlockPool,
    PoolError,
    PoolExhaustedError,
    ThreadCaches,
    TypedPool,
    typed_pools,
)

KIB = 1024


@pytest.fixture
def pools():
    return typed_pools(KIB)


def test_three_dtypes_share_one_arena(pools):
    arrays = pools.real.acquire((2, 3)), pools.complex.acquire(4), pools.integer.acquire((1, 1, 5))
    assert [array.dtype for array in arrays] == [np.float64, np.complex128, np.int64]
    assert [array.shape for array in arrays] == [(2, 3), (4,), (1, 1, 5)]
    assert all(array.ctypes.data % 64 == 0 and array.flags.c_contiguous for array in arrays)
    pool = pools.real.pool
    assert pool is pools.integer.pool
    assert pool.allocated_bytes == 3 * 64
    for k, array in enumerate(arrays):
        array[...] = k
    assert all((array == k).all() for k, array in enumerate(arrays))
    for typed, array in zip(pools, arrays, strict=True):
        typed.release(array)
    del arrays, array
    assert pool.largest_free_bytes == KIB


def test_memory_comes_back_with_the_last_view(pools):
    pool = pools.real.pool
    array = pools.real.acquire(16)
    row = array[3:]
    pools.real.release(array)
    del array
    assert pool.allocated_bytes == 128
    del row
    assert pool.allocated_bytes == 0


def test_arrays_that_are_dropped_come_back(pools):
    pools.real.acquire(16)
    view = pools.complex.acquire((4, 2))[1]
    pool = pools.real.pool
    assert (pool.allocated_bytes, pool.frees) == (128, 1)
    view[:] = 1
    del view
    assert (pool.allocated_bytes, pool.frees) == (0, 2)


def test_the_scope_of_an_array(pools):
    with pools.integer.array(3) as array:
        array[:] = 1
    with pytest.raises(PoolError, match="handed back before"):
        pools.integer.release(array)
    with pytest.raises(RuntimeError), pools.integer.array(3):
        raise RuntimeError
    del array
    assert pools.real.pool.allocated_bytes == 0


def test_empty_arrays(pools):
    for shape in (0, (3, 0)):
        array = pools.real.acquire(shape)
        assert array.size == 0
        pools.real.release(array)
    del array
    assert pools.real.pool.allocated_bytes == 0


def test_what_is_refused(pools):
    array = pools.real.acquire((4, 4))
    other = TypedPool(BlockPool(KIB))
    for wrong, message in (
        (array[1:], "a view of a lease"),
        (array.T, "a view of a lease"),
        (np.empty(3), "a foreign ndarray of shape"),
        (np.empty(0), "a foreign ndarray of shape"),
        ([1.0], "a foreign list"),
        (other.acquire(3), "of another pool; release it there"),
        (pools.complex.acquire(2), "complex128 of another pool"),
    ):
        with pytest.raises(PoolError, match=message):
            pools.real.release(wrong)
    pools.real.release(array)
    with pytest.raises(PoolError, match="handed back before"):
        pools.real.release(array)
    with pytest.raises(PoolError, match="got shape"):
        pools.real.acquire(-1)
    with pytest.raises(PoolError, match="holds objects"):
        TypedPool(BlockPool(KIB), object)
    with pytest.raises(PoolExhaustedError):
        pools.real.acquire(1_000)


def test_an_array_of_a_thread_that_ended():
    typed = TypedPool(ThreadCaches(BlockPool(KIB)), np.int32)
    arrays = []
    thread = threading.Thread(target=lambda: arrays.append(typed.acquire(5)))
    thread.start()
    thread.join()
    arrays[0][:] = 3
    typed.release(arrays[0])
    arrays.clear()
    assert typed.pool.allocated_bytes == 0
