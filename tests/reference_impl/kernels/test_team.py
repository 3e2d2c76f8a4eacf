"""Threads that meet in compiled code."""

from __future__ import annotations

import os
import sys
from itertools import count

import numpy as np
import pytest

pytest.importorskip("numba", reason="threads meet in compiled code")

from reference_impl.backends import jit
from reference_impl.kernels.team import Team, meet


@jit
def relay(counters, box, rounds, threads, mine):
    """In each round one thread writes and all read, in turns; how many saw something else."""
    wrong = 0
    for k in range(rounds):
        if k % threads == mine:
            box[0] = k
        meet(counters, threads, mine)
        wrong += box[0] != k
        meet(counters, threads, mine)
    return wrong


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_what_one_wrote_before_all_see_after(threads):
    team = Team(threads)
    box = np.zeros(1, np.int64)
    for _ in range(3):  # counters go on from call to call
        assert team.run(relay, team.counters, box, 500, threads) == [0] * threads


@jit
def number(threads, mine):
    return threads, mine


def test_every_thread_gets_its_number():
    assert sorted(Team(4).run(number, 4)) == [(4, 0), (4, 1), (4, 2), (4, 3)]


@jit
def step(counters, steps, threads, mine):
    """A step in every thread; the same number of each."""
    meet(counters, threads, mine)
    steps[mine] += 1
    meet(counters, threads, mine)


def interrupted(function, line, within):
    """Whether ``function()`` was interrupted, at so many lines of what is defined in the file ``within``."""
    left = line

    def trace(frame, event, _argument):
        nonlocal left
        if frame.f_code.co_filename != within:
            return None
        if event == "line":
            left -= 1
            if left == 0:
                raise KeyboardInterrupt
        return trace

    sys.settrace(trace)
    try:
        function()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(None)
    return False


def test_an_interrupt_anywhere_leaves_no_thread_behind():
    team, steps = Team(3), np.zeros(3, np.int64)
    file = Team.run.__code__.co_filename
    for line in count(1):
        before = steps.copy()
        went_on = not interrupted(lambda: team.run(step, team.counters, steps, 3), line, file)
        assert len(set(steps)) == 1
        assert (steps - before <= 1).all()
        team.run(step, team.counters, steps, 3)
        assert len(set(steps)) == 1
        if went_on:
            break
    assert line > 5


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own():
    team, steps = Team(2), np.zeros(2, np.int64)
    team.run(step, team.counters, steps, 2)
    child = os.fork()
    if child == 0:
        os._exit(0 if team.run(step, team.counters, steps, 2) == [None, None] and steps[1] == 2 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    team.run(step, team.counters, steps, 2)
