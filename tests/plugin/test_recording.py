"""``memguard.record``: memory and load over time."""

from __future__ import annotations

import json
import math
import sys
import time
import tracemalloc

import msgspec
import pytest

import pytest_memguard
from pytest_memguard.model import Counters, Run
from pytest_memguard.probes.heap import HeapProbe
from pytest_memguard.session import recording as room
from pytest_memguard.session.recording import MOST_SAMPLES, Recording

MIB = 2**20


class Counting:
    """A probe whose counter is set by the test."""

    name = "counting"
    noise_floor_bytes = 0

    def __init__(self):
        self.allocated_bytes = 0

    def unavailable(self):
        return None

    def counters(self):
        if self.allocated_bytes < 0:
            raise OSError("the device is lost")
        return Counters(allocated_bytes=self.allocated_bytes, reserved_bytes=None)


def sampled(values, *, interval=0.01):
    """The recording of a counter that went through ``values``, a sample each."""
    probe = Counting()
    recording = Recording("", interval, [probe])
    with recording:
        recording._sampler.stop()
        recording._count = 1  # whatever it has seen by now
        for probe.allocated_bytes in values:
            recording._sample()
    return recording


def test_a_curve_is_read_at_both_ends_and_between(memguard):
    with memguard.record(interval=0.001) as recording:
        held = bytearray(64 * MIB)
        held[::4096] = bytes(len(held[::4096]))
        while recording._count < 3:
            time.sleep(0.001)
    assert recording["rss"][-1] - recording["rss"][0] > 60 * MIB
    assert recording.seconds[0] < recording.seconds[-1]
    assert len(recording.seconds) == len(recording["rss"]) == len(recording["cpu"]) >= 4
    assert recording["cpu"][0] is None, "load is told between two samples"
    assert all(share is None or share >= 0 for share in recording["cpu"][1:])
    assert min(recording["available"]) > 0
    del held


@pytest.mark.skipif(HeapProbe().unavailable() is not None, reason="needs a C allocator that tells")
def test_what_a_pool_holds_is_a_curve_of_its_own(memguard):
    with memguard.record() as recording:
        pass
    assert all(
        0 < used <= held for used, held in zip(recording["heap"], recording["heap reserved"], strict=True)
    )


def test_watched_pools_are_recorded(memguard):
    class Pool:
        allocated_bytes, reserved_bytes = 100, 200

    memguard.watch(Pool(), "mine")
    with memguard.record() as recording:
        Pool.allocated_bytes = 150
    assert (recording["mine"][0], recording["mine"][-1], recording["mine reserved"][0]) == (100, 150, 200)


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="tracemalloc")
def test_the_python_probe_is_read_where_something_traces(memguard):
    assert not tracemalloc.is_tracing()
    with memguard.record() as recording:
        assert not tracemalloc.is_tracing(), "tracing would slow down what is looked at"
    with pytest.raises(KeyError, match=r"got curve 'python', accepted: .*'rss'"):
        recording["python"]
    with memguard.measure(), memguard.record() as recording:
        held = bytearray(MIB)
    assert recording["python"][-1] - recording["python"][0] > 0.9 * MIB
    del held


def test_nothing_that_was_seen_is_lost_when_samples_are_thinned_out():
    spike = [7] * 700 + [1000] + [8] * (2 * MOST_SAMPLES)
    recording = sampled(spike)
    values = recording["counting"]
    assert MOST_SAMPLES / 2 <= len(values) <= MOST_SAMPLES
    assert max(values) == 1000
    assert list(recording.seconds) == sorted(recording.seconds)
    assert recording.seconds[0] < 0.1
    assert recording._step == 16 * recording.interval, "one of 16 is taken"


def test_a_source_that_fails_leaves_a_gap():
    recording = sampled([5, -1, 6])
    assert recording["counting"] == (0, 5, None, 6, 6)
    assert all(isinstance(value, int) for value in recording["counting"] if value is not None)


def test_a_recording_can_be_used_again():
    recording = sampled([1, 2, 3])
    with recording:
        with pytest.raises(RuntimeError, match="is running already"):
            recording.__enter__()
        with pytest.raises(RuntimeError, match="has not ended"):
            _ = recording.timeline
    assert len(recording["counting"]) >= 2
    assert "not ended" in repr(Recording("new", 0.01, []))
    assert "samples of" in repr(recording)


@pytest.mark.parametrize("interval", [0, -1, math.nan, math.inf, "1 s"])
def test_intervals_are_seconds_above_zero(memguard, interval):
    with pytest.raises(ValueError, match=r"got interval=.*accepted: seconds, more than 0"):
        memguard.record(interval)


def test_outside_of_pytest():
    with pytest_memguard.record() as recording:
        pass
    assert recording["rss"][0] > 0


def test_it_is_drawn():
    matplotlib = pytest.importorskip("matplotlib.figure", reason="needs the extra history")
    recording = sampled([MIB, 2 * MIB], interval=1e-6)
    figure = recording.plot(matplotlib.Figure())
    memory, available, load = figure.axes
    assert [line.get_label() for line in memory.lines] == ["counting"]
    assert list(memory.lines[0].get_ydata())[1:3] == [1, 2]
    assert (memory.get_ylabel(), available.get_ylabel(), load.get_ylabel()) == ("MiB", "MiB", "%")


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"pip install 'pytest-memguard\[history\]'"):
        sampled([1]).plot()


def test_a_windowed_probe_is_open_while_it_is_read():
    class Window:
        def close(self):
            probe.is_open = False

    class Device(Counting):
        is_open = None

        def load(self):
            return None

        def open(self, plan):
            assert not plan.wants_peak
            self.is_open = True
            return Window()

        def counters(self):
            assert self.is_open
            return Counters(allocated_bytes=3)

    probe = Device()
    with Recording("", 0.01, [probe]) as recording:
        pass
    assert recording["counting"] == (3, 3)
    assert not probe.is_open


def test_load_of_a_device(monkeypatch):
    monkeypatch.setattr(room, "load_reader", lambda: lambda: 42.0)
    assert set(sampled([1])["gpu"]) == {42.0}


SUITE = """
    import pytest

    def test_a(memguard):
        for _ in range(2):
            with memguard.record(label="<b>block</b>"):
                pass

    @pytest.fixture
    def recorded(memguard):
        with memguard.record():
            yield

    @pytest.mark.memory_budget(peak="1 MiB", leak="0 B", rounds=5)
    def test_b(memguard, recorded):
        with memguard.record(label="inner"):
            pass

    def test_left_open(memguard):
        memguard.record(label="open").__enter__()
        memguard.record(label="never begun")

    def test_fails(memguard):
        with memguard.record():
            assert False
"""
BLOCKS = {
    ("test_a", "<b>block</b>"),
    ("test_b", ""),
    ("test_b", "inner"),
    ("test_left_open", "open"),
    ("test_fails", ""),
}


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "xdist"])
def test_timelines_land_in_the_reports(pytester, workers):
    pytester.makepyfile(SUITE)
    reports = ("--memguard-report", "json:run.json", "--memguard-report", "html:run.html")
    result = pytester.runpytest_subprocess("--memguard", *reports, *workers)
    result.assert_outcomes(passed=3, failed=1)
    run = msgspec.json.decode((pytester.path / "run.json").read_bytes(), type=Run)
    assert {(t.nodeid.partition("::")[2], t.label) for t in run.timelines} == BLOCKS
    assert all({"rss", "available"} <= {c.name for c in t.curves} for t in run.timelines)
    page = (pytester.path / "run.html").read_text()
    assert page.count("<svg") == sum(len(t.panels) for t in run.timelines)
    assert "test_a &lt;b&gt;block&lt;/b&gt;" in page


def test_nothing_is_kept_where_nothing_is_reported(pytester):
    pytester.makepyfile(SUITE)
    pytester.makeconftest(
        """
        from pytest_memguard.session.transport import _RECORDINGS

        def pytest_sessionfinish(session):
            assert _RECORDINGS not in session.config.stash
        """
    )
    pytester.runpytest_inprocess("-p", "no:asyncio").assert_outcomes(passed=3, failed=1)


def test_runs_without_timelines_are_still_read():
    old = {"environment": {"machine_class": "", "python": "", "platform": ""}}
    run = msgspec.json.decode(json.dumps(old), type=Run)
    assert run.timelines == ()


def test_windows_before_one_that_does_not_open_are_closed():
    class Device(Counting):
        is_open = False

        def load(self):
            return None

        def open(self, _plan):
            self.is_open = True
            return self

        def close(self):
            self.is_open = False

    class Broken(Device):
        def open(self, _plan):
            raise OSError("the device is lost")

    first = Device()
    recording = Recording("", 0.01, [first, Broken()])
    with pytest.raises(OSError, match="lost"):
        recording.__enter__()
    recording.stop()  # as the fixture does
    assert not first.is_open
    assert not recording.has_ended
