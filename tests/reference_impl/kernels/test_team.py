"""Threads that meet in compiled code."""

from __future__ import annotations

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
