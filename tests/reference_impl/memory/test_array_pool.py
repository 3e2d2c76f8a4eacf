from __future__ import annotations

import gc
import threading

import numpy as np
import pytest

from reference_impl.memory import ArrayPool, PoolError


@pytest.fixture
def pool():
    return ArrayPool(max_bytes=10_000)


def counters(pool):
    return (pool.allocated_bytes, pool.reserved_bytes, pool.hits, pool.misses, pool.frees)


def test_a_released_buffer_is_handed_out_again(pool):
    first = pool.acquire((10, 3))
    address = first.ctypes.data
    pool.release(first)
    second = pool.acquire((10, 3))
    assert second.ctypes.data == address
    assert (pool.hits, pool.misses, pool.allocations, pool.frees) == (1, 1, 2, 1)


@pytest.mark.parametrize("other", [((3, 10), float), ((30,), float), ((10, 3), "i8"), ((10, 3), ">f8")])
def test_only_the_same_shape_and_dtype_is_reused(pool, other):
    pool.release(pool.acquire((10, 3), float))
    pool.acquire(*other)
    assert pool.hits == 0


@pytest.mark.parametrize(
    "words", [((8,), "f8"), (8, float), ([8], None), (np.int64(8), np.dtype("f8")), ((np.int32(8),), "d")]
)
def test_one_request_in_other_words_is_the_same_request(pool, words):
    pool.release(pool.acquire((8,)))
    for _ in range(2):
        array = pool.acquire(*words)
        assert array.shape == (8,)
        assert array.dtype == np.float64
        pool.release(array)
    assert pool.misses == 1


@pytest.mark.parametrize("dtype", ["f8", "c16", "i1", "M8[s]", "U3", [("a", "i4"), ("b", "f8", 2)]])
def test_zeroed_arrays_are_zero_also_when_reused(pool, dtype):
    for _ in range(2):
        array = pool.zeros((5,), dtype)
        np.testing.assert_array_equal(array, np.zeros(5, dtype))
        array.view(np.uint8)[...] = 65
        pool.release(array)
    assert pool.hits == 1


@pytest.mark.parametrize("shape", [(), 0, (0, 3), (2, 0)])
def test_empty_and_scalar_shapes(pool, shape):
    array = pool.acquire(shape)
    assert array.shape == (shape if isinstance(shape, tuple) else (shape,))
    pool.release(array)
    pool.acquire(shape)
    assert pool.hits == 1


@pytest.mark.parametrize(
    ("shape", "dtype", "message"),
    [
        ((-1,), float, "allowed: lengths >= 0"),
        ((2**62, 8), float, "more bytes than can be addressed"),
        ((2**62, 0, 8), float, "more bytes than can be addressed"),
        ((1.5,), float, "allowed: an int or a sequence of ints"),
        ("ab", float, "allowed: an int or a sequence of ints"),
        (None, float, "allowed: an int or a sequence of ints"),
        ((3,), object, "holds objects"),
        ((3,), [("a", object)], "holds objects"),
    ],
)
def test_refused_requests_leave_the_pool_as_it_was(pool, shape, dtype, message):
    with pytest.raises(PoolError, match=message):
        pool.acquire(shape, dtype)
    assert counters(pool) == (0, 0, 0, 0, 0)
    assert not pool._shelves


@pytest.mark.parametrize("shape", [2.0, (2.0, 3), (2, np.float64(3.0)), np.float32(2.0)])
def test_fractions_are_refused_where_such_whole_numbers_are_cached_too(pool, shape):
    pool.release(pool.acquire(2))
    pool.release(pool.acquire((2, 3)))
    with pytest.raises(PoolError, match="allowed: an int or a sequence of ints"):
        pool.acquire(shape)


def test_out_of_memory_gives_up_the_cache_first_and_leaves_the_pool_in_order(pool):
    pool.release(pool.acquire(100))
    with pytest.raises(MemoryError):
        pool.acquire((2**55,), "i1")
    assert pool.reserved_bytes == 0
    assert not pool._shelves


def test_handed_back_twice(pool):
    array = pool.acquire(4)
    pool.release(array)
    before = counters(pool)
    with pytest.raises(PoolError, match="handed back before"):
        pool.release(array)
    assert counters(pool) == before


def test_handed_back_twice_after_the_memory_has_a_new_lease(pool):
    stale = pool.acquire(4)
    pool.release(stale)
    lease = pool.acquire(4)
    with pytest.raises(PoolError, match="handed back before"):
        pool.release(stale)
    pool.release(lease)
    assert pool.frees == 2


def test_handed_back_twice_after_eviction(pool):
    array = pool.acquire(4)
    pool.release(array)
    pool.empty_cache()
    assert pool.reserved_bytes == 0
    with pytest.raises(PoolError, match="handed back before"):
        pool.release(array)


def part(lease):
    return lease[1:]


def whole_view(lease):
    return lease[...]


def reshaped(lease):
    return lease.reshape(2, 2)


def other_dtype(lease):
    return lease.view(np.int64)


def subclass(lease):
    return lease.view(np.matrix) if lease.ndim == 2 else lease.view(np.recarray)


def over_memoryview(lease):
    return np.frombuffer(lease.data)


@pytest.mark.parametrize("view", [part, whole_view, reshaped, other_dtype, subclass])
def test_a_view_is_refused(pool, view):
    lease = pool.acquire(4)
    with pytest.raises(PoolError, match="view of a lease"):
        pool.release(view(lease))
    pool.release(lease)


@pytest.mark.parametrize(
    "foreign",
    [
        lambda lease: np.empty(4),
        lambda lease: np.empty(8)[::2],
        lambda lease: lease.copy(),
        lambda lease: lease.base,
        lambda lease: lease.base + 1,
        lambda lease: (lease.base + 1)[1:],
        over_memoryview,
        lambda lease: [1.0],
        lambda lease: None,
    ],
)
def test_a_foreign_object_is_refused(pool, foreign):
    lease = pool.acquire(4)
    before = counters(pool)
    with pytest.raises(PoolError):
        pool.release(foreign(lease))
    assert counters(pool) == before
    pool.release(lease)


def test_an_array_of_another_pool_is_refused(pool):
    lease = ArrayPool().acquire(4)
    with pytest.raises(PoolError, match="another pool"):
        pool.release(lease)


@pytest.mark.parametrize("zeroed", [False, True])
def test_a_dropped_lease_is_freed_and_counted(pool, zeroed):
    for _ in range(100):
        pool.acquire(4, zeroed=zeroed)
    assert counters(pool) == (0, 0, 0, 100, 100)
    assert not pool._shelves
    assert len(pool._eviction._heap) <= 1


@pytest.mark.parametrize("zeroed", [False, True])
def test_a_dropped_lease_stays_reserved_while_a_view_of_it_lives(pool, zeroed):
    tail = pool.acquire(4, zeroed=zeroed)[1:]
    assert pool.allocated_bytes == 32
    with pytest.raises(PoolError, match="view of a lease"):
        pool.release(tail)
    del tail
    assert pool.allocated_bytes == 0


def test_a_new_array_with_the_id_of_a_dropped_lease_is_foreign(pool):
    for _ in range(1000):
        name = id(pool.acquire(4))
        array = np.empty(8)[::2]  # takes the place of the dropped object more often than not
        if id(array) == name:
            break
    with pytest.raises(PoolError, match="foreign"):
        pool.release(array)


def test_changes_to_the_lease_itself_do_not_reach_the_next_one(pool):
    lease = pool.acquire((2, 3))
    lease.flags.writeable = False
    pool.release(lease)
    assert pool.acquire((2, 3)).flags.writeable


def test_the_buffer_released_longest_ago_goes_first():
    pool = ArrayPool(max_bytes=3 * 80)
    leases = {n: pool.acquire(10, dtype) for n, dtype in enumerate(("f8", "i8", "u8", "M8[s]"))}
    for n in (2, 0, 3):
        pool.release(leases[n])
    pool.release(pool.acquire(10, "u8"))  # the oldest becomes the newest
    pool.release(leases[1])  # one too many: the f8 goes
    for dtype, is_hit in (("u8", True), ("M8[s]", True), ("i8", True), ("f8", False)):
        hits = pool.hits
        pool.acquire(10, dtype)
        assert (pool.hits > hits) is is_hit, dtype


def test_an_array_above_the_limit_is_not_kept_and_pushes_nothing_out(pool):
    pool.release(pool.acquire(100))
    pool.release(pool.acquire(10_000))
    assert pool.free_bytes == pool.largest_free_bytes == 800


def test_no_cache_at_all():
    pool = ArrayPool(max_bytes=0)
    pool.release(pool.acquire(3))
    assert pool.reserved_bytes == 0


def test_a_negative_limit_is_refused():
    with pytest.raises(PoolError, match="max_bytes=-1"):
        ArrayPool(max_bytes=-1)


def test_high_water_marks(pool):
    a, b = pool.acquire(10), pool.acquire(20)
    pool.release(a)
    pool.release(b)
    assert pool.high_water_allocated_bytes == pool.high_water_reserved_bytes == 240
    pool.reset_high_water()
    assert (pool.high_water_allocated_bytes, pool.high_water_reserved_bytes) == (0, 240)
    pool.empty_cache()
    pool.reset_high_water()
    assert pool.high_water_reserved_bytes == 0


def test_scope_releases_also_after_an_error(pool):
    with pytest.raises(KeyError), pool.array((3,), zeroed=True) as array:  # noqa: PT012 - the with block is the test
        assert not array.any()
        raise KeyError
    assert pool.allocated_bytes == 0


def test_a_scope_cannot_be_entered_twice_at_once(pool):
    scope = pool.array(3)
    scope.__enter__()
    with pytest.raises(PoolError, match="already entered"):
        scope.__enter__()
    scope.__exit__(None, None, None)
    with scope:
        assert pool.hits == 1


def test_a_dead_pool_frees_its_cache_without_the_collector():
    gc.disable()
    try:
        pool = ArrayPool()
        survivor = pool.acquire(4)
        stale = pool.acquire(1000)
        shelf = stale.base.shelf
        pool.release(stale)
        del pool, stale
        assert shelf.buffers == 0
        survivor[...] = 1.0
    finally:
        gc.enable()


def test_leases_that_die_in_a_collection_during_an_acquire(pool):
    def cycle():
        lease = pool.acquire(4)
        box = [lease]
        box.append(box)

    threshold = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for _ in range(300):
            cycle()
            pool.release(pool.acquire(4))
    finally:
        gc.set_threshold(*threshold)
    gc.collect()
    assert pool.allocated_bytes == 0
    assert pool.allocations == pool.frees == 600


def test_requests_in_many_shapes_leave_nothing_behind(pool):
    for n in range(1, 5000):
        pool.release(pool.acquire(n))
    assert pool.free_bytes <= 10_000
    assert len(pool._shelves) < 500
    assert len(pool._eviction._heap) <= 2 * len(pool._shelves) + 32
    pool.empty_cache()
    assert not pool._shelves


def test_threads_share_a_pool(monkeypatch):
    import sys

    pool = ArrayPool(max_bytes=40 * 64)
    failures = []

    def work(seed):
        rng = np.random.default_rng(seed)
        try:
            for n in rng.integers(1, 9, 3000):
                lease = pool.acquire(int(n), "i8")
                lease[...] = seed
                other = pool.acquire(3, "i8")
                other[...] = -seed
                assert (lease == seed).all()
                if n == 8:
                    del lease
                else:
                    pool.release(lease)
                pool.release(other)
        except BaseException as error:
            failures.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(1, 9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert not failures
    assert pool.allocations == pool.frees == 8 * 2 * 3000
    assert pool.allocated_bytes == 0
    assert pool.reserved_bytes == pool.free_bytes <= 40 * 64
    assert pool.free_bytes == sum(shelf.nbytes * len(shelf.idle) for shelf in {*pool._shelves.values()})


def test_only_one_of_many_threads_releases_a_lease():
    pool = ArrayPool()
    for _ in range(200):
        lease = pool.acquire(4)
        refused = []
        start = threading.Barrier(4)

        def give_back(lease=lease, refused=refused, start=start):
            start.wait()
            try:
                pool.release(lease)
            except PoolError as error:
                refused.append(error)

        threads = [threading.Thread(target=give_back) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(refused) == 3
    assert pool.frees == 200


def test_the_largest_leases_are_named():
    pool = ArrayPool()
    large, *small = pool.acquire((100, 10)), *(pool.acquire(200) for _ in range(6)), pool.acquire(7, "i4")
    pool.release(small.pop(0))
    assert pool.largest_leases() == [
        ((100, 10), np.float64, 1, 8_000),
        ((200,), np.float64, 5, 1_600),
        ((7,), np.int32, 1, 28),
    ]
    assert pool.largest_leases(1) == [((100, 10), np.float64, 1, 8_000)]
    del large, small
    assert pool.largest_leases() == []
