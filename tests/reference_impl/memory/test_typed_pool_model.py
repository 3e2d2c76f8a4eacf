"""Arrays of three dtypes out of one arena, against a model: a list of the arrays and views that live."""

from __future__ import annotations

import math

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from reference_impl.memory import PoolError, PoolExhaustedError, typed_pools

UNIT, UNITS = 64, 40
SHAPES = st.lists(st.integers(0, 9), max_size=3).map(tuple)
KINDS = st.sampled_from(["real", "complex", "integer"])


def units(nbytes):
    return max(1, -(-nbytes // UNIT))


class TypedPoolsMachine(RuleBasedStateMachine):
    """Memory is somebody's as long as a lease or a view of it lives, and nobody else's."""

    leases = Bundle("leases")
    views = Bundle("views")

    def __init__(self):
        super().__init__()
        self.pools = typed_pools(UNIT * UNITS)
        self.pool = self.pools.real.pool
        self.live = {}  # by number: the kind and the array
        self.views_of = {}  # by number: a view, and the bytes of the lease that it keeps
        self.high = self.count = 0

    @rule(target=leases, kind=KINDS, shape=SHAPES)
    def acquire(self, kind, shape):
        typed = getattr(self.pools, kind)
        nbytes = math.prod(shape) * typed.dtype.itemsize
        if self.pool.largest_free_bytes < UNIT * units(nbytes):
            with pytest.raises(PoolExhaustedError, match="the largest free stretch"):
                typed.acquire(shape)
            return multiple()
        array = typed.acquire(shape)
        assert (array.shape, array.dtype) == (shape, typed.dtype)
        assert array.flags.c_contiguous
        assert array.ctypes.data % UNIT == 0 or not array.size
        self.count += 1
        array[...] = self.count
        self.live[self.count] = kind, array
        self.high = max(self.high, self.lent())
        return self.count

    @rule(name=consumes(leases))
    def release(self, name):
        kind, array = self.live.pop(name)
        getattr(self.pools, kind).release(array)
        for typed in self.pools:
            with pytest.raises(PoolError, match="was handed back before"):
                typed.release(array)

    @rule(name=consumes(leases))
    def drop(self, name):
        del self.live[name]

    @rule(target=views, name=consumes(leases), released=st.booleans())
    def a_view_outlives_its_lease(self, name, released):
        kind, array = self.live.pop(name)
        if not array.size:
            getattr(self.pools, kind).release(array)
            return multiple()
        self.views_of[name] = array.reshape(-1)[-1:], array.nbytes
        if released:
            getattr(self.pools, kind).release(array)
        return name

    @rule(name=consumes(views))
    def let_go_of_a_view(self, name):
        del self.views_of[name]

    @rule(kind=KINDS, name=leases)
    def hand_back_what_is_not_a_lease(self, kind, name):
        """A view of a lease, and a lease at the pool of another dtype; all stays as it was."""
        own, array = self.live[name]
        with pytest.raises(PoolError, match=r"a view of a lease|of another pool"):
            getattr(self.pools, kind).release(array[...])
        if kind != own:
            with pytest.raises(PoolError, match="of another pool"):
                getattr(self.pools, kind).release(array)

    @rule()
    def compact(self):
        """Arrays have addresses that somebody may know: they stay."""
        before = [array.ctypes.data for _, array in self.live.values()]
        self.pool.compact()
        assert [array.ctypes.data for _, array in self.live.values()] == before

    def lent(self):
        sizes = [array.nbytes for _, array in self.live.values()]
        sizes += [nbytes for _, nbytes in self.views_of.values()]
        return UNIT * sum(map(units, sizes))

    @invariant()
    def arrays_lie_apart_and_keep_what_was_written(self):
        for name, (_, array) in self.live.items():
            assert (array == name).all()
        for name, (view, _) in self.views_of.items():
            assert view[0] == name

    @invariant()
    def the_books_agree(self):
        assert self.pool.allocated_bytes == self.lent()
        assert self.pool.free_bytes == UNIT * UNITS - self.lent()
        assert self.pool.high_water_allocated_bytes == self.high
        assert self.pool.allocations == self.count


TestTypedPools = TypedPoolsMachine.TestCase
TestTypedPools.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
