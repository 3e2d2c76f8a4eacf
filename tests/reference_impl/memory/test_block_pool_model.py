"""The block pool against a model: a map of the arena, byte by byte."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from reference_impl.memory import BlockPool, PoolError, PoolExhaustedError

UNIT, UNITS = 64, 24
SIZES = st.one_of(st.sampled_from([0, 1, 64, 65, 128, 300]), st.integers(0, UNIT * UNITS + 100))


def units(nbytes):
    return max(1, -(-nbytes // UNIT))


class BlockPoolMachine(RuleBasedStateMachine):
    """One arena that does not grow: everything about it can be foretold from the blocks that live."""

    blocks = Bundle("blocks")
    arrays = Bundle("arrays")
    stale = Bundle("stale")

    when_full = "raise"

    def __init__(self):
        super().__init__()
        self.pool = BlockPool(UNIT * UNITS, when_full=self.when_full)
        first = self.pool.allocate(0)
        self.start = first.address
        self.pool.free(first)
        self.live = {}
        self.kept = []  # arrays of freed blocks
        self.count, self.frees, self.high = 1, 1, UNIT

    def holes(self):
        taken = np.zeros(UNITS + 1, bool)
        taken[UNITS] = True
        for block in self.live.values():
            at = (block.address - self.start) // UNIT
            taken[at : at + units(block.nbytes)] = True
        for array in self.kept:
            at = (array.ctypes.data - self.start) // UNIT
            taken[at : at + units(array.nbytes)] = True
        ends = np.flatnonzero(taken)
        return np.diff(np.concatenate([[-1], ends])) - 1

    @rule(target=blocks, nbytes=SIZES)
    def allocate(self, nbytes):
        if max(self.holes()) < units(nbytes):
            with pytest.raises(PoolExhaustedError, match="the largest free stretch"):
                self.pool.allocate(nbytes)
            return multiple()
        return self.taken_out(nbytes)

    def taken_out(self, nbytes):
        block = self.pool.allocate(nbytes)
        assert block.nbytes == nbytes
        assert block.address % UNIT == 0
        self.count += 1
        block.array(nbytes, np.uint8)[:] = self.count % 251
        self.live[self.count] = block  # Hypothesis keeps what it sees, so it sees numbers
        self.high = max(self.high, self.taken())
        return self.count

    @rule(target=stale, name=consumes(blocks))
    def free(self, name):
        block = self.live.pop(name)
        self.pool.free(block)
        self.frees += 1
        return block

    @rule(name=consumes(blocks))
    def drop(self, name):
        del self.live[name]
        self.frees += 1

    @rule(name=consumes(blocks), dropped=st.booleans())
    def an_array_outlives_its_block(self, name, dropped):
        block = self.live.pop(name)
        array = block.array(block.nbytes, np.uint8)
        if not dropped:
            self.pool.free(block)
        if array.size:
            self.kept.append(array)
        else:  # holds no memory
            self.frees += 1

    @rule()
    def let_go_of_the_arrays(self):
        self.frees += len(self.kept)
        self.kept.clear()

    @rule(block=stale)
    def free_again(self, block):
        with pytest.raises(PoolError, match="was freed before"):
            self.pool.free(block)

    @rule(block=stale)
    def use_after_free(self, block):
        with pytest.raises(PoolError, match="was freed"):
            block.array(0)

    @rule()
    def compact(self):
        before = {name: block.address for name, block in self.live.items()}
        moved = self.pool.compact()
        changed = [block for name, block in self.live.items() if block.address != before[name]]
        assert moved == UNIT * sum(units(block.nbytes) for block in changed)
        if not self.kept:
            assert self.pool.largest_free_bytes == self.pool.free_bytes

    @rule()
    def look(self):
        assert self.pool.largest_free_bytes == UNIT * max(self.holes())

    def taken(self):
        sizes = [block.nbytes for block in self.live.values()] + [array.nbytes for array in self.kept]
        return UNIT * sum(map(units, sizes))

    @invariant()
    def blocks_lie_apart_and_keep_what_was_written(self):
        stretches = sorted((block.address, units(block.nbytes)) for block in self.live.values())
        stretches += [(array.ctypes.data, units(array.nbytes)) for array in self.kept]
        stretches.sort()
        ends = [address + UNIT * size for address, size in stretches]
        starts = [address for address, _ in stretches]
        assert all(end <= start for end, start in zip(ends, [*starts[1:], np.inf], strict=False))
        assert self.when_full != "raise" or not starts or self.start <= starts[0]
        assert self.when_full != "raise" or not ends or ends[-1] <= self.start + UNIT * UNITS
        for name, block in self.live.items():
            assert (block.array(block.nbytes, np.uint8) == name % 251).all()

    @invariant()
    def the_books_agree(self):
        pool = self.pool
        assert pool.allocated_bytes == self.taken()
        assert pool.reserved_bytes == UNIT * UNITS == pool.free_bytes + pool.allocated_bytes
        assert (pool.allocations, pool.frees) == (self.count, self.frees)
        assert (pool.hits, pool.misses) == (self.count, 0)
        assert pool.high_water_allocated_bytes == self.high


class GrowingPoolMachine(BlockPoolMachine):
    """Where the arena is full there is more: no block overlaps, no byte is lost, and in the end it is as at first."""

    when_full = "grow"

    @rule(target=BlockPoolMachine.blocks, nbytes=SIZES)
    def allocate(self, nbytes):
        return self.taken_out(nbytes)

    @rule()
    def empty_cache(self):
        self.pool.empty_cache()

    @rule()
    def look(self):
        assert self.pool.largest_free_bytes <= self.pool.free_bytes

    @rule()
    def compact(self):
        self.pool.compact()

    @invariant()
    def the_books_agree(self):
        pool = self.pool
        assert pool.allocated_bytes == self.taken()
        assert (
            max(UNIT * UNITS, pool.allocated_bytes) <= pool.reserved_bytes <= pool.high_water_reserved_bytes
        )
        assert (pool.allocations, pool.frees) == (self.count, self.frees)
        assert pool.high_water_allocated_bytes == self.high

    def teardown(self):
        self.live.clear()
        self.kept.clear()
        self.pool.empty_cache()
        assert self.pool.reserved_bytes == self.pool.largest_free_bytes == UNIT * UNITS


class FallingBackPoolMachine(GrowingPoolMachine):
    when_full = "fallback"


TestBlockPool = BlockPoolMachine.TestCase
TestBlockPool.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestGrowingPool = GrowingPoolMachine.TestCase
TestGrowingPool.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestFallingBackPool = FallingBackPoolMachine.TestCase
TestFallingBackPool.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
