from __future__ import annotations

import gc

import numpy as np
import pytest

from reference_impl.memory import ArrayPool, ManagedMatrix, PoolError, SmartArray


@pytest.fixture
def pool():
    return ArrayPool()


def test_a_scope_gives_it_back(pool):
    with SmartArray((2, 3), pool=pool) as smart:
        assert (smart.shape, smart.dtype, smart.nbytes, len(smart)) == ((2, 3), np.float64, 48, 2)
        assert not smart.array.any()
        assert pool.allocated_bytes == 48
    assert smart.is_released
    assert (pool.allocated_bytes, pool.free_bytes) == (0, 48)


def test_it_is_given_back_when_nobody_has_it(pool):
    smart = SmartArray(5, pool=pool)
    loop = [smart]
    loop.append(loop)
    del smart
    assert pool.allocated_bytes == 40
    del loop
    gc.collect()
    assert (pool.free_bytes, pool.frees) == (40, 1)


def test_it_is_given_back_once(pool):
    smart = SmartArray(5, pool=pool)
    smart.release()
    smart.release()
    with pytest.raises(PoolError, match="this SmartArray was released"), smart:
        pass
    del smart
    assert (pool.free_bytes, pool.frees) == (40, 1)


def test_zeros_whoever_wrote_there_before(pool):
    for _ in range(2):
        with SmartArray(100, pool=pool) as smart:
            assert not smart.array.any()
            smart[...] = 7
    assert pool.hits == 1


def test_every_use_after_the_release_is_an_error():
    smart = SmartArray((2, 2))
    smart.release()
    for use in (
        lambda: smart.array,
        lambda: smart.shape,
        lambda: smart.dtype,
        lambda: smart.nbytes,
        lambda: smart[0],
        lambda: smart.__setitem__(0, 1),
        lambda: smart + 1,
        lambda: np.sum(smart),
        lambda: np.asarray(smart),
        lambda: len(smart),
    ):
        with pytest.raises(PoolError, match="this SmartArray was released"):
            use()
    assert "released" in repr(smart)


def test_numpy_takes_it_for_its_array():
    smart = SmartArray((2, 2))
    smart[0] = [1, 2]
    np.add(smart, 1, out=smart)
    np.testing.assert_array_equal(smart, [[2, 3], [1, 1]])
    assert type(smart * smart) is np.ndarray
    assert np.asarray(smart) is smart.array
    assert np.array(smart) is not smart.array
    assert (smart @ np.eye(2))[0, 1] == 3
    assert "(2, 2), float64" in repr(smart)
    smart += 1
    assert smart[1, 1] == 2


def test_a_managed_matrix(pool):
    with ManagedMatrix(3, 4, pool=pool) as matrix:
        assert (matrix.shape, matrix.dtype) == ((3, 4), np.complex128)
        matrix[1, 2] = 1j
        np.testing.assert_array_equal(matrix @ np.eye(4), matrix)
    with pytest.raises(PoolError, match="this ManagedMatrix was released"):
        _ = matrix.array
    with pytest.raises(PoolError, match="got shape"):
        ManagedMatrix(-1, 2)
    with pytest.raises(PoolError, match="holds objects"):
        SmartArray(2, object)
