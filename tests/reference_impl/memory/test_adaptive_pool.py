from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from reference_impl.memory import AdaptivePool, PoolError, PoolExhaustedError
from reference_impl.memory.adaptive_pool import bytes_of

KIB = 1024


def use(pool, nbytes, times=1):
    for _ in range(times):
        pool.release(pool.acquire(nbytes, np.uint8))


def idle(pool, nbytes):
    """Whether such an array is kept."""
    hits = pool.hits
    pool.release(pool.acquire(nbytes, np.uint8))
    return pool.hits > hits


def test_what_is_asked_for_often_stays_when_rare_ones_come_in_a_burst():
    pool = AdaptivePool(10 * KIB)
    use(pool, 2 * KIB, times=20)
    for size in range(3, 9):
        use(pool, size * KIB)
    assert pool.free_bytes <= 10 * KIB
    assert idle(pool, 2 * KIB)
    assert not idle(pool, 3 * KIB)


def test_what_was_asked_for_often_goes_in_the_end():
    pool = AdaptivePool(4 * KIB)
    use(pool, 2 * KIB, times=200)
    for _ in range(40):
        for size in (1000, 1001, 1002, 1003, 1004):
            use(pool, size, times=20)
    assert not idle(pool, 2 * KIB)


def test_of_those_used_equally_often_the_oldest_goes():
    pool = AdaptivePool(4 * KIB)
    for size in (2000, 2001, 2002):
        use(pool, size)
    assert pool.free_bytes == 4003
    assert idle(pool, 2002)
    assert idle(pool, 2001)


def test_idle_memory_makes_room_for_leases(monkeypatch):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=100_000))
    pool = AdaptivePool("1MB", memory_fraction=0.1)
    assert pool.limit_bytes == 10_000
    use(pool, 6_000)
    first = pool.acquire(5_000, np.uint8)
    assert pool.reserved_bytes == 5_000
    with pytest.raises(PoolExhaustedError, match="got 6000 B, allowed: up to 5000 B beside 5000 B of leases"):
        pool.acquire(6_000, np.uint8)
    assert pool.acquire(5_000, np.uint8).nbytes == 5_000
    assert pool.allocated_bytes == 5_000  # the second was dropped
    pool.release(first)
    pool.empty_cache()
    assert pool.reserved_bytes == 0


@pytest.mark.parametrize(
    ("size", "nbytes"),
    [
        (0, 0),
        (512, 512),
        ("512B", 512),
        ("2GB", 2 * 10**9),
        ("1.5 MiB", 3 * 2**19),
        ("10kB", 10_000),
        ("4 KiB", 4096),
        ("1TB", 10**12),
    ],
)
def test_sizes(size, nbytes):
    assert bytes_of(size) == nbytes
    assert AdaptivePool(size).max_bytes == nbytes


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cache_size": "2 gigs"}, "got size '2 gigs', allowed: a number of B, kB"),
        ({"cache_size": "-1GB"}, "got size '-1GB'"),
        ({"cache_size": -1}, "got -1 B, allowed: >= 0"),
        ({"memory_fraction": 0}, "got memory_fraction=0, allowed: above 0"),
        ({"memory_fraction": 1.5}, "got memory_fraction=1.5"),
    ],
)
def test_what_is_refused(arguments, message):
    with pytest.raises(PoolError, match=message):
        AdaptivePool(**arguments)
