"""The pool of workspaces: what it counts, keeps and refuses."""

from __future__ import annotations

import gc
import threading

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from pytest_memguard.extend import PoolCounters
from reference_impl.layout import is_aligned
from reference_impl.spectral import FFTWorkspaces
from reference_impl.spectral import engines as engines_room
from reference_impl.spectral import workspaces as workspaces_room
from reference_impl.spectral.engines import ENGINES

FIELDS = [((4, 6), "d"), ((4, 6), "f"), ((6, 4), "D"), ((8,), "d"), ((3, 5, 7), "F")]
SPECTRUM_BYTES = {
    ((4, 6), "d"): 256,
    ((4, 6), "f"): 128,
    ((6, 4), "D"): 384,
    ((8,), "d"): 80,
    ((3, 5, 7), "F"): 840,
}
LIMIT = 700


@settings(deadline=None, stateful_step_count=40)
class Model(RuleBasedStateMachine):
    """The books against lists: live leases, and idle sizes in the order of their release."""

    leases = Bundle("leases")

    def __init__(self):
        super().__init__()
        self.pool = FFTWorkspaces(max_bytes=LIMIT, engine="numpy")
        self.live = {}
        self.idle = []
        self.hits = self.misses = self.frees = self.high = 0

    @rule(target=leases, words=st.sampled_from(FIELDS))
    def lease(self, words):
        shape, dtype = words
        size = SPECTRUM_BYTES[words]
        workspace = self.pool.lease(shape, dtype)
        if size in self.idle:
            self.idle.reverse()
            self.idle.remove(size)
            self.idle.reverse()
            self.hits += 1
        else:
            self.misses += 1
        assert (workspace.field.shape, workspace.field.dtype.char) == words
        assert is_aligned(workspace.spectrum)
        workspace.field[...] = mark = self.hits + self.misses
        self.live[id(workspace)] = (size, mark, words)
        self.high = max(self.high, sum(size for size, *_ in self.live.values()))
        return workspace

    @rule(workspace=consumes(leases))
    def release(self, workspace):
        size, mark, _ = self.live.pop(id(workspace))
        assert (workspace.field == mark).all(), "somebody else wrote to a live lease"
        workspace.release()
        self.frees += 1
        if size <= LIMIT:
            self.idle.append(size)
        while sum(self.idle) > LIMIT:
            self.idle.pop(0)
        with pytest.raises(ValueError, match="handed back before"):
            workspace.release()

    @rule()
    def empty_cache(self):
        self.pool.empty_cache()
        self.idle.clear()

    @rule()
    def reset(self):
        self.pool.reset_high_water()
        self.high = sum(size for size, *_ in self.live.values())

    @invariant()
    def books_are_right(self):
        pool, live = self.pool, sum(size for size, *_ in self.live.values())
        assert (pool.allocated_bytes, pool.free_bytes) == (live, sum(self.idle))
        assert pool.reserved_bytes == live + sum(self.idle)
        assert pool.largest_free_bytes == max(self.idle, default=0)
        assert (pool.hits, pool.misses, pool.frees) == (self.hits, self.misses, self.frees)
        assert pool.allocations == self.hits + self.misses
        assert pool.high_water_allocated_bytes == self.high
        assert pool.high_water_reserved_bytes >= pool.reserved_bytes


TestModel = Model.TestCase


@pytest.fixture
def pool():
    return FFTWorkspaces()


def test_the_plugin_can_guard_it(pool):
    assert isinstance(pool, PoolCounters)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_same_words_in_any_form_are_one_plan(engine):
    pytest.importorskip(ENGINES[engine][0], reason="the engine's package is not installed")
    pool = FFTWorkspaces(engine=engine)
    for shape, dtype, axes in [
        ((4, 6), float, None),
        ([4, 6], "f8", (0, 1)),
        (np.array([4, 6]), np.float64, [-2, -1]),
    ]:
        pool.lease(shape, dtype, axes).release()
    assert (pool.plans, pool.misses, pool.hits) == (1, 1, 2)


def test_fields_of_one_size_share_memory_and_keep_their_plans(pool):
    for _ in range(3):
        for axis in range(2):
            pool.lease((6, 6), float, axes=axis).release()
            pool.lease((6, 6), complex, axes=axis).release()
    assert pool.plans == 4
    assert (
        pool.misses == 3
    )  # complex fields of both axes lie in one; real ones along axis 0 are larger than along 1


def test_two_leases_of_a_kind_are_two_memories(pool):
    with pool.lease((4, 4)) as one, pool.lease((4, 4)) as other:
        assert not np.may_share_memory(one.field, other.field)
        one.field[...], other.field[...] = 1, 2
        assert (one.forward()[0, 0], other.forward()[0, 0]) == (16, 32)
        assert pool.allocated_bytes == 2 * 4 * 3 * 16
    assert (pool.allocated_bytes, pool.free_bytes) == (0, 2 * 4 * 3 * 16)


def test_an_inverse_may_leave_its_scale_to_others(pool):
    with pool.lease((5, 4)) as workspace:
        workspace.field[...] = 3
        workspace.forward()
        assert workspace.points == 20
        assert np.allclose(workspace.inverse(scaled=False), 60)


def test_a_workspace_is_gone_after_its_release(pool):
    with pool.lease((4,)) as workspace:
        pass
    for use in (lambda: workspace.field, lambda: workspace.spectrum, workspace.forward, workspace.inverse):
        with pytest.raises(ValueError, match="was handed back; lease another one"):
            use()
    with pytest.raises(ValueError, match="release each lease once"):
        workspace.release()
    with pytest.raises(ValueError, match="was handed back"), workspace:
        pass
    assert pool.allocated_bytes == 0


def test_a_dropped_lease_is_struck_off_the_books_and_not_reused(pool):
    kept = pool.lease((8,)).field
    gc.collect()
    assert (pool.allocated_bytes, pool.reserved_bytes, pool.frees) == (0, 0, 1)
    assert not np.may_share_memory(pool.lease((8,)).field, kept)


def test_the_plan_of_an_evicted_workspace_goes_with_it():
    pool = FFTWorkspaces(max_bytes=0)
    for _ in range(2):
        pool.lease((4,)).release()
    assert (pool.plans, pool.misses, pool.reserved_bytes) == (2, 2, 0)


def test_a_failing_engine_leaves_the_books_in_order(pool, monkeypatch):
    def fail(*_):
        raise RuntimeError("no plan")

    monkeypatch.setattr(pool, "_engine", fail)
    with pytest.raises(RuntimeError, match="no plan"):
        pool.lease((4,))
    assert (pool.allocated_bytes, pool.reserved_bytes) == (0, 0)


def test_idle_memory_is_given_back_before_memory_is_said_to_be_out(pool, monkeypatch):
    pool.lease((4,)).release()
    real = workspaces_room.Slot

    def scarce(nbytes):
        if pool.reserved_bytes:
            raise MemoryError
        return real(nbytes)

    monkeypatch.setattr(workspaces_room, "Slot", scarce)
    with pool.lease((8,)):
        assert pool.free_bytes == 0
        with pytest.raises(MemoryError):
            pool.lease((8,))
    assert pool.misses == 2


@pytest.mark.parametrize("engine", ["scipy", "fftw", "numpy"])
def test_threads_share_a_pool(engine):
    pytest.importorskip(ENGINES[engine][0], reason="the engine's package is not installed")
    pool = FFTWorkspaces(engine=engine)
    wrong = []

    def work(seed):
        values = np.random.default_rng(seed).normal(size=(12, 8 + seed % 3))
        expected = np.fft.rfftn(values)
        for _ in range(30):
            with pool.lease(values.shape) as workspace:
                workspace.field[...] = values
                if not np.allclose(workspace.forward(), expected):
                    wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert pool.allocated_bytes == 0
    assert pool.allocations == pool.frees == 8 * 30
    assert pool.misses <= 8


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"max_bytes": -1}, "got max_bytes=-1, allowed: >= 0"),
        ({"threads": 0}, "got threads=0, allowed: whole numbers from 1 on"),
        ({"engine": "fast"}, "got engine='fast', allowed: 'scipy', 'fftw', 'fftw-patient', 'numpy'"),
    ],
)
def test_other_settings_are_refused(words, told):
    with pytest.raises(ValueError, match=told):
        FFTWorkspaces(**words)


def test_numpy_stands_in_for_a_missing_scipy(monkeypatch):
    monkeypatch.setattr(engines_room, "find_spec", lambda name: name == "numpy" or None)
    assert FFTWorkspaces().engine == "numpy"
    with pytest.raises(ModuleNotFoundError, match="'fftw' needs the package pyfftw"):
        FFTWorkspaces(engine="fftw")
