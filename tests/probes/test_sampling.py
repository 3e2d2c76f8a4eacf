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


def fork_beside(sampler):
    """The warnings of a fork; both sides stop the sampler."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        child = os.fork()
        if child == 0:
            sampler.stop()
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    return [warning for warning in caught if "fork" in str(warning.message)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_one_that_ends_with_a_fork_is_not_warned_of():
    others = _thread._count()  # of plugins: they are none of ours to hide
    looks = []
    sampler = Sampler(lambda: looks.append(1), interval_seconds=0.001, outlives_fork=False)
    wait_until(lambda: looks)
    warned = fork_beside(sampler)
    assert others or not warned
    assert not sampler.stop()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_one_that_outlives_a_fork_goes_on_in_the_parent():
    looks = []
    sampler = Sampler(lambda: looks.append(1), interval_seconds=0.001)
    wait_until(lambda: looks)
    fork_beside(sampler)
    looks.clear()
    wait_until(lambda: looks)
    assert sampler.stop()
