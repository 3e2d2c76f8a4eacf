"""The clock of a device, over events that are numbers."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from reference_impl.cuda import EventClock, NoDeviceError


class Device:
    milliseconds = 1e9  # at which float32 tells no seconds apart


class Event:
    def record(self):
        self.recorded = Device.milliseconds

    def synchronize(self):
        self.at = self.recorded


@pytest.fixture
def device(monkeypatch):
    cuda = SimpleNamespace(
        runtime=SimpleNamespace(getDeviceCount=lambda: 1, CUDARuntimeError=RuntimeError),
        Event=Event,
        get_elapsed_time=lambda start, stop: stop.at - start.at,
    )
    monkeypatch.setitem(sys.modules, "cupy", SimpleNamespace(cuda=cuda))
    monkeypatch.setattr(Device, "milliseconds", Device.milliseconds)
    return Device


def test_seconds_add_up(device):
    clock = EventClock()
    assert clock.seconds() == 0.0
    device.milliseconds += 2.5
    assert clock.seconds() == pytest.approx(2.5e-3)
    device.milliseconds += 1.0
    assert clock.seconds() == pytest.approx(3.5e-3)


def test_without_cupy(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(NoDeviceError, match="needs CuPy"):
        EventClock().seconds()
