from __future__ import annotations

import os
import threading
import time

import pytest

from reference_impl.threads import run_at_once


def test_tasks_run_at_once_and_all_are_waited_for():
    barrier, seen = threading.Barrier(3, timeout=10), []

    def task():
        barrier.wait()  # which nobody passes alone
        seen.append(threading.get_ident())

    for _ in range(3):
        run_at_once([task] * 3)
    assert len(seen) == 9
    assert seen.count(threading.get_ident()) == 3


def test_one_task_needs_no_thread():
    before = threading.active_count()
    run_at_once([lambda: None])
    assert threading.active_count() == before


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_an_error_comes_out_when_the_others_are_done(failing):
    failed, done = threading.Event(), []

    def fails():
        failed.set()
        raise ValueError("here")

    def outlasts_it():
        assert failed.wait(10)
        time.sleep(0.05)
        done.append(1)

    tasks = [outlasts_it, outlasts_it]
    tasks.insert(failing, fails)
    with pytest.raises(ValueError, match="here"):
        run_at_once(tasks)
    assert len(done) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own():
    run_at_once([lambda: None] * 2)
    child = os.fork()
    if child == 0:
        found = []
        run_at_once([lambda: found.append(1)] * 2)
        os._exit(0 if len(found) == 2 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
