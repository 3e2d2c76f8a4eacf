"""Every probe keeps the contract that extenders' probes are checked against."""

import pytest

from pytest_memguard.probes import BUILT_IN, make_probe
from pytest_memguard.probes.watched import PoolProbe
from pytest_memguard.testing import FakeProbe, check_probe


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_built_in_probes_keep_the_contract(name):
    check_probe(make_probe(name))


def test_the_fake_probe_keeps_the_contract():
    fake = FakeProbe()
    check_probe(fake)
    assert fake.windows == 0


def test_a_probe_that_reads_wrong_is_found():
    class Half(FakeProbe):
        def known_allocation(self, nbytes):
            return super().known_allocation(nbytes // 2)

    with pytest.raises(AssertionError, match=r"known allocation of 8\.0 MiB read as 4\.0 MiB"):
        check_probe(Half())


class Forgetful(FakeProbe):
    """Reads 0 B more than before for the first ``disturbed`` times that a window is nested in another."""

    disturbed = 0

    def known_allocation(self, nbytes):
        if self.windows == 2 and self.disturbed:
            self.disturbed -= 1
            nbytes = 0
        return super().known_allocation(nbytes)


def test_a_nested_window_that_does_not_see_is_found():
    probe = Forgetful()
    probe.disturbed = 3
    with pytest.raises(AssertionError, match=r"an allocation is seen while it lives: 0 B of 4\.0 MiB"):
        check_probe(probe)
    assert probe.windows == 0


def test_one_disturbance_is_not_the_probes_fault():
    probe = Forgetful()
    probe.disturbed = 2
    check_probe(probe)
    assert probe.disturbed == 0


class Pool:
    """The smallest pool with every counter."""

    def __init__(self):
        self.allocated_bytes = self.high_water_allocated_bytes = 0
        self.reserved_bytes = self.high_water_reserved_bytes = 0

    def reset_high_water(self):
        self.high_water_allocated_bytes = self.allocated_bytes
        self.high_water_reserved_bytes = self.reserved_bytes

    def take(self, nbytes):
        self.allocated_bytes += nbytes
        self.high_water_allocated_bytes = max(self.high_water_allocated_bytes, self.allocated_bytes)
        self.reserved_bytes = max(self.reserved_bytes, self.allocated_bytes)
        self.high_water_reserved_bytes = max(self.high_water_reserved_bytes, self.reserved_bytes)


def test_nested_windows_over_one_pool_keep_their_own_marks():
    from pytest_memguard.model import WindowPlan

    pool = Pool()
    probe = PoolProbe(pool, "pool")
    outer = probe.open(WindowPlan())
    pool.take(100)
    pool.take(-50)
    inner = probe.open(WindowPlan())
    pool.take(10)
    assert inner.close().peak_bytes == 10
    reading = outer.close()
    assert (reading.peak_bytes, reading.retained_bytes) == (100, 60)
    assert reading.high_water_reserved_bytes == 100


def test_a_pool_without_marks_has_no_peak():
    from types import SimpleNamespace

    from pytest_memguard.model import WindowPlan

    window = PoolProbe(SimpleNamespace(allocated_bytes=1, reserved_bytes=2), "pool").open(WindowPlan())
    reading = window.close()
    assert reading.peak_bytes is None
    assert reading.after.hits is None


def test_a_mark_that_cannot_be_reset_counts_only_once_it_moved():
    from types import SimpleNamespace

    from pytest_memguard.model import WindowPlan

    pool = SimpleNamespace(allocated_bytes=0, reserved_bytes=0, high_water_allocated_bytes=500)
    probe = PoolProbe(pool, "pool")
    assert probe.open(WindowPlan()).close().peak_bytes is None
    window = probe.open(WindowPlan())
    pool.high_water_allocated_bytes = 700
    assert window.close().peak_bytes == 700


def test_what_is_no_pool_is_refused():
    with pytest.raises(
        TypeError, match=r"cannot watch dict as 'x': it has no allocated_bytes and no reserved_bytes"
    ):
        PoolProbe({}, "x")
