"""Time as a device counts it."""

from __future__ import annotations

from typing import Any

from reference_impl.backends import import_cupy

__all__ = ["EventClock"]


class EventClock:
    """Seconds between CUDA events on the current stream: ``pytest.mark.benchmark(timer=EventClock().seconds)``.

    Between two looks it is the device that counts, to half a microsecond (``cudaEventElapsedTime``). Each look waits
    for the device, after what it has timed. CuPy is imported at the first one.
    """

    def __init__(self) -> None:
        self._cuda: Any = None
        self._last: Any = None
        self._seconds = 0.0

    def seconds(self) -> float:
        """Since the first look.

        Raises
        ------
        NoDeviceError
            Without CuPy, and where CuPy finds no device.
        """
        self._cuda = self._cuda or import_cupy().cuda
        event = self._cuda.Event()
        event.record()
        event.synchronize()
        if self._last is not None:  # milliseconds, in float32: of short times it tells more than of the whole
            self._seconds += self._cuda.get_elapsed_time(self._last, event) * 1e-3
        self._last = event
        return self._seconds
