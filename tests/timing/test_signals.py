from __future__ import annotations

import signal

import pytest

from pytest_memguard.timing.errors import Terminated
from pytest_memguard.timing.signals import ending_raises, undisturbed

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="signals of POSIX systems")


@pytest.fixture
def steps():
    return []


@pytest.mark.parametrize(
    ("number", "error"), [(signal.SIGTERM, Terminated), (signal.SIGINT, KeyboardInterrupt)]
)
def test_a_signal_that_comes_while_a_process_is_ended_is_not_lost(steps, number, error):
    def end_a_process():
        with undisturbed():
            signal.raise_signal(number)
            steps.append("tidied up")
        steps.append("went on")

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(error), ending_raises():
            end_a_process()
    finally:
        signal.signal(signal.SIGINT, before)
    assert steps == ["tidied up"]


def test_one_more_signal_while_all_is_ending_changes_nothing(steps):
    def end():
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            with undisturbed():
                signal.raise_signal(signal.SIGHUP)
            steps.append("tidied up")

    with pytest.raises(Terminated, match="SIGTERM"), ending_raises():
        end()
    assert steps == ["tidied up"]


def test_what_is_ignored_stays_ignored():
    """As by nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ending_raises():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
