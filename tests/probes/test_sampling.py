import _thread
import os
import threading
import time
import warnings

import pytest

from pytest_memguard.probes.sampling import Sampler


def wait_until(condition, seconds=5):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.002)
    assert condition()


def test_it_looks_until_it_is_stopped():
    looks = []
    sampler = Sampler(lambda: looks.append(1), interval_seconds=0.001)
    wait_until(lambda: len(looks) > 3)
    assert sampler.stop()
    seen = len(looks)
    time.sleep(0.02)
    assert len(looks) == seen
    assert not sampler.stop(), "stopping twice is harmless"


def test_a_look_that_returns_true_is_the_last():
    looks = []
    sampler = Sampler(lambda: looks.append(1) or True, interval_seconds=0.001)
    wait_until(lambda: looks)
    time.sleep(0.02)
    assert len(looks) == 1
    sampler.stop()


def test_no_thread_is_left_and_threading_never_knew_of_it():
    known = threading.active_count()
    before = _thread._count()
    sampler = Sampler(lambda: None, interval_seconds=0.001)
    assert threading.active_count() == known
    sampler.stop()
    wait_until(lambda: _thread._count() <= before)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_beside_it_warns_of_nothing_and_both_sides_can_stop():
    looks = []
    sampler = Sampler(lambda: looks.append(1), interval_seconds=0.001)
    wait_until(lambda: looks)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        child = os.fork()
        if child == 0:
            sampler.stop()
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    looks.clear()
    wait_until(lambda: looks)
    sampler.stop()
    # A thread of somebody else, such as a plugin's, is none of ours to hide.
    if _thread._count() <= 2:
        assert not [w for w in caught if "fork" in str(w.message)]
