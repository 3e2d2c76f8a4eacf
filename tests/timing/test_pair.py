from __future__ import annotations

import math

import pytest

from pytest_memguard.model.timing import PairSlices, SideName
from pytest_memguard.timing.pair import Pair, Timed
from pytest_memguard.timing.settings import SliceSettings
from pytest_memguard.timing.slices import SlicePlan

SETTINGS = SliceSettings()
CALL_SECONDS = 0.001


class Process:
    """A worker whose benchmark takes ``seconds`` a call."""

    def __init__(self, seconds):
        self._seconds, self._answer = seconds, {}
        self.slices = 0

    def tell(self, do, **facts):
        if do == "slice":
            self.slices += 1
            wall = self._seconds * facts["batches"] * facts["size"]
            self._answer = {
                "event": "sliced", "fastest": self._seconds, "mean": self._seconds, "wall": wall,
            }  # fmt: skip
        else:
            self._answer = {"event": "ready" if do == "start" else "ended", "outcome": "passed", "reason": ""}

    def hear(self, _patience_seconds):
        return self._answer


@pytest.fixture
def timed():
    plans = {}

    def time_a_pair(**options):
        workers = {SideName.BASE: Process(CALL_SECONDS), SideName.HEAD: Process(1.1 * CALL_SECONDS)}
        pair = Pair(workers, first=SideName.BASE, plans=plans, settings=SETTINGS, patience=lambda: 1.0)
        found = pair.time("test.py::test", on_base={"test.py::test"}, **options)
        assert isinstance(found, Timed)
        return found, [worker.slices for worker in workers.values()]

    return time_a_pair


def test_a_pair_is_the_logarithm_of_its_sides_and_takes_as_long_as_settings_say(timed):
    timed()  # with the calibration
    found, slices = timed()
    assert found.log_ratio == pytest.approx(math.log(1.1))
    assert (found.base_seconds, found.head_seconds) == pytest.approx((CALL_SECONDS, 1.1 * CALL_SECONDS))
    # Slices of 4 ms, and one that is not looked at.
    assert slices == [51, 51]
    assert found.slices == PairSlices(
        first=SideName.BASE, base_seconds=(CALL_SECONDS,) * 50, head_seconds=(1.1 * CALL_SECONDS,) * 50
    )


def test_a_pair_in_doubt_takes_longer(timed):
    timed()
    _, slices = timed(factor=2)
    assert slices == [101, 101]


def test_a_pair_in_haste_is_a_quarter_and_short_ones_stay_whole(timed):
    timed()
    found, slices = timed(factor=0.25)
    assert slices == [13, 13]
    assert found.factor == 12 / 50
    short = SlicePlan(batches=1, size=1, slices=6)
    assert [short.slices_of(factor) for factor in (0.25, 1, 2)] == [6, 6, 12]
