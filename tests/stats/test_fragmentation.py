import pytest

from pytest_memguard.model import Counters, Reading
from pytest_memguard.stats import external_fragmentation, fragmentation, hit_rate


def reading(allocated, reserved):
    return Reading(
        probe="pool",
        before=Counters(),
        after=Counters(),
        high_water_allocated_bytes=allocated,
        high_water_reserved_bytes=reserved,
    )


def test_fragmentation_is_judged_from_a_mebibyte_on():
    assert fragmentation(reading(3 * 2**19, 2 * 2**20)) == 0.25
    assert fragmentation(reading(1, 2**20 - 1)) == 0.0
    assert fragmentation(reading(0, 0)) == 0.0
    assert fragmentation(reading(5, None)) is None


def test_external_fragmentation():
    assert external_fragmentation(Counters(free_bytes=100, largest_free_bytes=75)) == 0.25
    assert external_fragmentation(Counters(free_bytes=0, largest_free_bytes=0)) == 0.0
    assert external_fragmentation(Counters(free_bytes=100)) is None


def test_hit_rate_is_of_the_window_alone():
    assert hit_rate(Counters(hits=100, misses=0), Counters(hits=109, misses=1)) == pytest.approx(0.9)
    assert hit_rate(Counters(hits=5, misses=5), Counters(hits=5, misses=5)) is None
    assert hit_rate(Counters(), Counters(hits=1, misses=1)) is None
