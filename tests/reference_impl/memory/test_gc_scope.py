from __future__ import annotations

import gc
import sys
import threading
import weakref

import pytest

from reference_impl.memory import gc_scope

IMMORTAL = 1_000  # objects that CPython 3.12 sets apart itself, at most


class Node:
    def __init__(self):
        self.loop = self


@pytest.fixture(autouse=True)
def collector():
    """As a program finds it."""
    frozen = gc.get_freeze_count() > IMMORTAL
    gc.unfreeze()
    gc.enable()
    yield
    gc.enable()
    assert gc.get_freeze_count() < IMMORTAL
    if frozen:
        gc.freeze()


def test_nothing_is_collected_inside_and_everything_behind():
    with gc_scope():
        assert not gc.isenabled()
        garbage = [weakref.ref(Node()) for _ in range(20_000)]
        assert all(ref() is not None for ref in garbage)
    assert gc.isenabled()
    assert all(ref() is None for ref in garbage)


def test_what_lived_before_is_left_alone():
    with gc_scope():
        assert gc.get_freeze_count() > IMMORTAL
    old = Node()
    gone = weakref.ref(old)
    with gc_scope():
        del old
    assert gone() is not None
    gc.collect()
    assert gone() is None


def test_what_lived_before_is_collected_too_if_it_is_not_frozen():
    old = Node()
    gone = weakref.ref(old)
    with gc_scope(freeze=False):
        assert gc.get_freeze_count() < IMMORTAL
        del old
    assert gone() is None


def test_no_collection_on_request():
    with gc_scope(collect=False):
        gone = weakref.ref(Node())
    assert gone() is not None


def test_scopes_within_each_other():
    with gc_scope():
        with gc_scope():
            gone = weakref.ref(Node())
        assert gone() is not None
        assert not gc.isenabled()
    assert gone() is None


@pytest.mark.parametrize("first_out", ["first in", "last in"])
def test_scopes_of_threads_that_overlap(first_out):
    inside, leave = threading.Event(), threading.Event()

    def work():
        with gc_scope():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=work)
    if first_out == "last in":
        thread.start()
        inside.wait(10)
    with gc_scope():
        if first_out == "first in":
            thread.start()
            inside.wait(10)
    assert not gc.isenabled()
    leave.set()
    thread.join()
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off_and_frozen_objects_stay_frozen():
    gc.disable()
    gc.freeze()
    count = gc.get_freeze_count()
    with gc_scope():
        pass
    assert not gc.isenabled()
    assert gc.get_freeze_count() == count
    gc.unfreeze()


def test_a_finalizer_that_opens_a_scope():
    def finalize():
        with gc_scope():
            told.append(gc.isenabled())

    told = []
    with gc_scope():
        weakref.finalize(Node(), finalize)
    assert told == [False]
    assert gc.isenabled()


def test_an_error_inside():
    with pytest.raises(RuntimeError), gc_scope():
        raise RuntimeError
    assert gc.isenabled()


def test_a_finalizer_with_a_scope_of_its_own_at_any_moment():
    """In a thread: what stands still there would stand still here."""

    def work():
        for moment in range(40):
            calls = 0

            def finalize(frame, event, argument, moment=moment):
                nonlocal calls
                if frame.f_code is gc_scope.__wrapped__.__code__:
                    calls += 1
                    if calls == moment:
                        sys.setprofile(None)
                        with gc_scope(collect=False):
                            pass

            sys.setprofile(finalize)
            with gc_scope(collect=False):
                pass
            sys.setprofile(None)
            if not gc.isenabled() or gc.get_freeze_count() > 1000:
                return moment
        return None

    found = []
    thread = threading.Thread(target=lambda: found.append(work()), daemon=True)
    thread.start()
    thread.join(20)
    assert found == [None]
