from __future__ import annotations

import mmap

import pytest

from reference_impl.memory import ArrayPool, PoolError, PressureRelief


class Machine:
    """Usage that measures bring down."""

    def __init__(self, used):
        self.used = used
        self.calls = []

    def measure(self, name, freed):
        def take():
            self.calls.append(name)
            self.used -= freed

        return name, take


@pytest.fixture
def machine():
    return Machine(100)


@pytest.fixture
def relief(machine):
    relief = PressureRelief(80, low_bytes=50, usage=lambda: machine.used)
    for name, freed in (("cheap", 30), ("useless", 0), ("dear", 40), ("last resort", 50)):
        relief.register(*machine.measure(name, freed))
    return relief


def test_measures_are_taken_in_order_until_usage_is_low(machine, relief):
    steps = relief.check()
    assert [(step.name, step.freed_bytes) for step in steps] == [("cheap", 30), ("useless", 0), ("dear", 40)]
    assert machine.calls == ["cheap", "useless", "dear"]


def test_nothing_happens_up_to_the_limit(machine, relief):
    machine.used = 80
    assert relief.check() == []
    assert machine.calls == []
    machine.used = 81
    assert [step.name for step in relief.check()] == ["cheap", "useless", "dear"]


def test_one_that_fails_does_not_stop_the_next(machine):
    relief = PressureRelief(80, usage=lambda: machine.used)
    relief.register("broken", lambda: 1 / 0)
    relief.register(*machine.measure("sound", 60))
    broken, sound = relief.check()
    assert isinstance(broken.error, ZeroDivisionError)
    assert (sound.freed_bytes, sound.error) == (60, None)


def test_all_of_them_may_not_be_enough(machine):
    relief = PressureRelief(80, usage=lambda: machine.used)
    relief.register(*machine.measure("little", 1))
    assert [step.freed_bytes for step in relief.check()] == [1]
    assert machine.used == 99


def test_a_measure_that_checks_does_not_start_over(machine):
    relief = PressureRelief(80, usage=lambda: machine.used)
    nested = []
    relief.register("checks", lambda: nested.append(relief.check()))
    relief.check()
    assert nested == [[]]


def test_a_pool_as_a_measure():
    pool = ArrayPool()
    kept = pool.acquire(1_000)
    pool.release(pool.acquire(2_000))
    relief = PressureRelief(10_000, usage=lambda: pool.reserved_bytes)
    relief.register("idle buffers", pool.empty_cache)
    assert relief.check() == [("idle buffers", 16_000, None)]
    assert relief.check() == []
    pool.release(kept)


def test_usage_is_the_process_s_own_by_default():
    relief = PressureRelief(0)
    size = 64 * 2**20
    held = [mmap.mmap(-1, size)]
    held[0][:] = bytes(size)
    relief.register("unmap", lambda: held.pop().close())
    (step,) = relief.check()
    assert step.freed_bytes > 0.9 * size


def test_what_is_refused(relief):
    with pytest.raises(PoolError, match="got name='cheap', which is registered already"):
        relief.register("cheap", print)
    relief.unregister("cheap")
    with pytest.raises(PoolError, match="got name='cheap', allowed: useless, dear, last resort"):
        relief.unregister("cheap")
    with pytest.raises(PoolError, match="got low_bytes=9, allowed: 0 to high_bytes, 8"):
        PressureRelief(8, low_bytes=9)
    with pytest.raises(PoolError, match="allowed: 0 to high_bytes"):
        PressureRelief(-1)
