"""The pool against a model so simple that it can be trusted: a list of idle requests, oldest first."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from reference_impl.memory import AdaptivePool, ArrayPool, PoolError

SHAPES = st.sampled_from([(0,), (1,), (4,), (2, 2), (7,), (30,), 4])
DTYPES = st.sampled_from([np.float64, "f8", np.dtype("i4"), "c16"])
LIMIT_BYTES = 300


class PoolMachine(RuleBasedStateMachine):
    leases = Bundle("leases")
    stale = Bundle("stale")

    def __init__(self):
        super().__init__()
        self.pool = self.new_pool()
        self.live_bytes = 0
        self.live, self.idle = [], []
        self.marks = {}
        self.hits = self.misses = self.frees = self.high = 0

    @rule(target=leases, shape=SHAPES, dtype=DTYPES, mark=st.integers(0, 100), zeroed=st.booleans())
    def acquire(self, shape, dtype, mark, zeroed):
        array = self.pool.acquire(shape, dtype, zeroed=zeroed)
        assert not (zeroed and array.any())
        request = (array.shape, array.dtype)
        if request in self.idle:
            newest = len(self.idle) - 1 - self.idle[::-1].index(request)
            del self.idle[newest]
            self.hits += 1
        else:
            self.misses += 1
        self.live_bytes += array.nbytes
        self.high = max(self.high, self.live_bytes)
        array[...] = mark
        self.live.append(request)
        return array, mark

    @rule(target=stale, lease=consumes(leases))
    def release(self, lease):
        array, mark = lease
        assert (array == mark).all(), "another lease wrote into this one"
        self.pool.release(array)
        self.live_bytes -= array.nbytes
        self.live.remove((array.shape, array.dtype))
        self.frees += 1
        if array.nbytes <= LIMIT_BYTES:
            self.idle.append((array.shape, array.dtype))
        self.make_room((array.shape, array.dtype))
        return array

    @rule(array=stale)
    def release_again(self, array):
        self.refuse(array)

    @rule(lease=leases)
    def release_a_view(self, lease):
        self.refuse(lease[0][...])

    @rule(shape=SHAPES)
    def release_a_stranger(self, shape):
        self.refuse(np.empty(shape))

    @rule()
    def empty_cache(self):
        self.pool.empty_cache()
        self.idle.clear()

    @rule()
    def reset_high_water(self):
        self.pool.reset_high_water()
        self.high = self.live_bytes

    def refuse(self, array):
        try:
            self.pool.release(array)
        except PoolError:
            return
        raise AssertionError("accepted")

    def new_pool(self):
        return ArrayPool(max_bytes=LIMIT_BYTES)

    def make_room(self, released):
        while self.idle_bytes() > LIMIT_BYTES:
            del self.idle[0]

    def idle_bytes(self):
        return sum(map(nbytes, self.idle))

    @invariant()
    def the_books_agree(self):
        pool = self.pool
        assert pool.allocated_bytes == self.live_bytes
        assert pool.free_bytes == self.idle_bytes() <= LIMIT_BYTES
        assert pool.reserved_bytes == self.live_bytes + self.idle_bytes()
        assert pool.largest_free_bytes == max(map(nbytes, self.idle), default=0)
        assert (pool.hits, pool.misses, pool.frees) == (self.hits, self.misses, self.frees)
        assert pool.high_water_allocated_bytes == self.high
        assert pool.high_water_reserved_bytes >= pool.reserved_bytes


def nbytes(request):
    shape, dtype = request
    return int(np.prod(shape)) * dtype.itemsize


class AdaptivePoolMachine(PoolMachine):
    """The rarest goes first; of those used equally often the one released longest ago."""

    def __init__(self):
        super().__init__()
        self.releases = Counter()
        self.halved_at = 0

    def new_pool(self):
        return AdaptivePool(LIMIT_BYTES)

    def make_room(self, released):
        self.releases[released] += 1
        self.forget()
        while self.idle_bytes() > LIMIT_BYTES:
            known = {*self.live, *self.idle}
            if self.frees - self.halved_at > 16 * len(known):
                self.halved_at = self.frees
                self.releases = Counter({request: count // 2 for request, count in self.releases.items()})
            rarest = min(self.idle, key=lambda request: (self.releases[request], self.idle.index(request)))
            self.idle.remove(rarest)
            self.forget()

    def forget(self):
        """What nobody holds or could be given is no longer counted."""
        for request in {*self.releases} - {*self.live, *self.idle}:
            del self.releases[request]

    @rule()
    def empty_cache(self):
        super().empty_cache()
        self.forget()


TestPool = PoolMachine.TestCase
TestPool.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAdaptivePool = AdaptivePoolMachine.TestCase
TestAdaptivePool.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)
