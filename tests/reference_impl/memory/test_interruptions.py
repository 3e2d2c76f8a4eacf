"""Pools that are interrupted at work: by finalizers that give back, and by Ctrl-C.

A profile function is called where functions begin, and before and after those written in C: there CPython runs
finalizers. Handlers of signals it runs at the same places, but not before functions in C.
"""

from __future__ import annotations

import itertools
import sys
from contextlib import suppress
from functools import partial

import numpy as np
import pytest

from reference_impl.memory import AdaptivePool, ArrayPool, BlockPool, PoolError, ThreadCaches, block_pool
from reference_impl.spectral import FFTWorkspaces

UNIT = 64


class Interruption:
    """Calls ``action`` at moment number ``moment`` of a ``with`` block; ``happened`` tells whether there was one."""

    def __init__(self, moment, action):
        self.left, self.action, self.happened = moment, action, False
        self.events = {"call", "c_return"} if action is interrupt else {"call", "c_call", "c_return"}

    def __call__(self, frame, event, argument):
        if event not in self.events or "/reference_impl/" not in frame.f_code.co_filename:
            return
        if self.action is interrupt and frame.f_code.co_name == "__del__":
            return  # where Python reports an exception and goes on
        self.left -= 1
        if self.left < 0 and not self.happened:
            self.happened = True
            sys.setprofile(None)
            self.action()

    def __enter__(self):
        sys.setprofile(self)
        return self

    def __exit__(self, *error):
        sys.setprofile(None)


def at_each_moment(make, work, action):
    """Fresh state for each moment of ``work(state)`` at which ``action(state)`` happens; yields the state after it."""
    for moment in range(10_000):
        state = make()
        interruption = Interruption(moment, interrupt if action is interrupt else partial(action, state))
        try:
            with interruption:
                work(state)
        except KeyboardInterrupt:
            pass
        yield state
        if not interruption.happened:
            assert moment > 2
            return


def interrupt():
    raise KeyboardInterrupt


class Blocks:
    """A pool of 16 units, with holes, with freed blocks not merged yet, one dropped, and blocks to be freed."""

    def __init__(self, when_full="raise", face=lambda pool: pool):
        self.shared = BlockPool(16 * UNIT, when_full=when_full)
        self.pool = face(self.shared)
        self.live = {
            mark: self.shared.allocate(UNIT * size) for mark, size in enumerate((2, 1, 3, 1, 2, 1, 3), 1)
        }
        for mark, block in self.live.items():
            block.array(block.nbytes, np.uint8)[:] = mark
        for mark in (2, 4):
            self.shared.free(self.live.pop(mark))
        self.live.pop(6)
        self.taken = []

    def take(self, nbytes):
        self.taken.append(self.pool.allocate(nbytes))

    def check(self):
        """Nothing lies in another's memory, contents are what they were, and everything comes back."""
        assert self.shared.compact() >= 0
        blocks = [*self.live.values(), *self.taken]
        ends = sorted((block.address, block.address + max(block.nbytes, 1)) for block in blocks)
        assert all(end <= start for (_, end), (start, _) in itertools.pairwise(ends))
        for mark, block in self.live.items():
            assert (block.array(block.nbytes, np.uint8) == mark).all()
        taken = sum(-(-block.nbytes // UNIT) * UNIT for block in blocks)
        if self.pool is self.shared:
            assert self.shared.allocated_bytes == taken
        self.live.clear()
        self.taken.clear()
        block = blocks = None
        if self.pool is not self.shared:
            self.pool.empty_cache()
        self.shared.empty_cache()
        assert (self.shared.allocated_bytes, self.shared.reserved_bytes) == (0, 16 * UNIT)
        assert self.shared.largest_free_bytes == 16 * UNIT
        assert self.shared.frees <= self.shared.allocations + 1  # an interrupted request may not be counted
        assert self.shared.allocate(16 * UNIT).nbytes == 16 * UNIT


WORK = {
    "a hole": lambda blocks: blocks.take(2 * UNIT),
    "a whole hole": lambda blocks: blocks.take(3 * UNIT),
    "a freed one": lambda blocks: blocks.take(UNIT),
    "free": lambda blocks: blocks.shared.free(blocks.live.pop(5)),
    "free beside": lambda blocks: [blocks.shared.free(blocks.live.pop(5)), blocks.shared.largest_free_bytes],
    "compact": lambda blocks: blocks.shared.compact(),
    "merge": lambda blocks: blocks.shared.largest_free_bytes,
    "empty": lambda blocks: blocks.shared.empty_cache(),
}


@pytest.mark.parametrize("when_full", ["raise", "grow", "fallback"])
@pytest.mark.parametrize("work", [*WORK, "more"])
def test_a_block_pool_bears_ctrl_c_at_any_moment(work, when_full):
    work = WORK.get(work, lambda blocks: blocks.take(9 * UNIT))

    def as_asked(blocks):
        try:
            work(blocks)
        except MemoryError:
            assert when_full == "raise"

    for blocks in at_each_moment(lambda: Blocks(when_full), as_asked, interrupt):
        blocks.check()


@pytest.mark.parametrize("work", ["a freed one", "free", "hand in"])
def test_thread_caches_bear_ctrl_c_at_any_moment(work):
    def make():
        blocks = Blocks(face=ThreadCaches)
        blocks.take(UNIT)
        blocks.pool.free(blocks.taken.pop())
        blocks.take(2 * UNIT)
        return blocks

    def free(blocks):
        blocks.pool.free(blocks.taken.pop())

    ways = {
        "a freed one": WORK["a freed one"],
        "free": free,
        "hand in": lambda blocks: blocks.pool.empty_cache(),
    }
    for blocks in at_each_moment(make, ways[work], interrupt):
        blocks.check()


@pytest.mark.parametrize("when_full", ["raise", "grow", "fallback"])
@pytest.mark.parametrize("way", ["free", "drop", "look", "take"])
@pytest.mark.parametrize("work", WORK)
def test_a_finalizer_gives_back_in_the_midst_of_a_block_pool(work, way, when_full, monkeypatch):
    def act(blocks):
        if way == "free":
            for mark in (1, 3, 7):
                blocks.shared.free(blocks.live.pop(mark))
        elif way == "drop":
            blocks.live.pop(1)
        elif way == "look":
            assert blocks.shared.largest_free_bytes >= 0
            assert blocks.shared.allocated_bytes >= 0
            blocks.shared.empty_cache()
            blocks.shared.compact()
        else:
            with suppress(PoolError):
                blocks.take(UNIT)

    monkeypatch.setattr(block_pool, "_MOST_WARM", 2)  # merged at once
    for blocks in at_each_moment(lambda: Blocks(when_full), WORK[work], act):
        blocks.check()


class Arrays:
    """An array pool with leases, and with idle arrays of several shapes up to its limit."""

    def __init__(self, kind):
        self.pool = kind()
        self.pool.max_bytes = 4 * 800
        self.live = [self.pool.acquire(100 + k) for k in range(3)]
        for array in [self.pool.acquire(shape) for shape in (100, 100, 50, 30, 30, 20)]:
            self.pool.release(array)

    def check(self):
        ledger, pool = self.pool._ledger, self.pool
        idle = {id(buffer): buffer for shelf in pool._shelves.values() for buffer in shelf.idle}
        assert pool.free_bytes == sum(buffer.nbytes for buffer in idle.values()) <= pool.max_bytes
        assert pool.allocated_bytes == sum(array.nbytes for array in self.live)
        assert ledger.high_allocated >= ledger.allocated
        assert pool.allocations - pool.frees == len(self.live)
        for array in self.live:
            pool.release(array)
        pool.empty_cache()
        assert (pool.reserved_bytes, pool.allocated_bytes, pool._shelves) == (0, 0, {})


ARRAY_WORK = {
    "new": lambda arrays: arrays.live.append(arrays.pool.acquire(300)),
    "again": lambda arrays: arrays.live.append(arrays.pool.acquire([30])),
    "zeros": lambda arrays: arrays.live.append(arrays.pool.zeros([100])),
    "release": lambda arrays: arrays.pool.release(arrays.live.pop()),
    "drop": lambda arrays: arrays.live.pop(),
    "empty": lambda arrays: arrays.pool.empty_cache(),
    "largest": lambda arrays: (arrays.pool.largest_free_bytes, arrays.pool.largest_leases()),
}


@pytest.mark.parametrize("kind", [ArrayPool, AdaptivePool])
@pytest.mark.parametrize("way", [*ARRAY_WORK, "large"])
@pytest.mark.parametrize("work", ARRAY_WORK)
def test_a_finalizer_in_the_midst_of_an_array_pool(work, way, kind):
    def act(arrays):
        if way == "large":
            for array in [arrays.pool.acquire(shape) for shape in (120, 150, 100, 70, 30)]:
                arrays.pool.release(array)
        else:
            ARRAY_WORK[way](arrays)

    for arrays in at_each_moment(lambda: Arrays(kind), ARRAY_WORK[work], act):
        arrays.check()


class Workspaces:
    """FFT workspaces with leases, and with idle ones up to their limit."""

    def __init__(self):
        self.pool = FFTWorkspaces(max_bytes=4 * 1600, engine="numpy")
        self.live = [self.pool.lease(100 + k, complex) for k in range(3)]
        for lease in [self.pool.lease(size, complex) for size in (100, 100, 50, 30, 30)]:
            lease.release()

    def check(self):
        pool = self.pool
        assert pool.free_bytes == sum(slot.nbytes for slot in pool._idle) <= pool.max_bytes
        assert len({id(slot) for slot in pool._idle}) == len(pool._idle)
        assert pool.allocated_bytes == sum(lease.field.nbytes for lease in self.live)
        assert pool.allocations - pool.frees == len(self.live)
        assert len({lease.field.ctypes.data for lease in self.live}) == len(self.live)
        for lease in self.live:
            lease.release()
        pool.empty_cache()
        assert (pool.reserved_bytes, pool.allocated_bytes) == (0, 0)


SPACE_WORK = {
    "new": lambda spaces: spaces.live.append(spaces.pool.lease(300, complex)),
    "again": lambda spaces: spaces.live.append(spaces.pool.lease(30, complex)),
    "release": lambda spaces: spaces.live.pop().release(),
    "drop": lambda spaces: spaces.live.pop(),
    "empty": lambda spaces: spaces.pool.empty_cache(),
    "largest": lambda spaces: spaces.pool.largest_free_bytes,
}


@pytest.mark.parametrize("way", [*SPACE_WORK, "many"])
@pytest.mark.parametrize("work", SPACE_WORK)
def test_a_finalizer_in_the_midst_of_fft_workspaces(work, way):
    def act(spaces):
        if way == "many":
            for lease in [spaces.pool.lease(size, complex) for size in (30, 100, 140, 70, 100)]:
                lease.release()
        else:
            SPACE_WORK[way](spaces)

    for spaces in at_each_moment(Workspaces, SPACE_WORK[work], act):
        spaces.check()
