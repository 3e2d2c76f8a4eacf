"""One measured ``with`` block."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pytest_memguard.model import WindowPlan
from pytest_memguard.stats import fragmentation
from pytest_memguard.units import format_bytes, format_seconds, format_value

if TYPE_CHECKING:
    from types import TracebackType

    from pytest_memguard.model import Probe, Reading, Window

__all__ = ["Block"]


class Block:
    """What ``memguard.measure`` gives; its numbers can be read once the block has ended."""

    def __init__(self, label: str, probe: Probe, open_windows: list[Window]) -> None:
        """``open_windows`` has the block's window for as long as that is open."""
        self.label = label
        self._probe = probe
        self._open_windows = open_windows
        self._window: Window | None = None
        self._reading: Reading | None = None
        self._seconds = 0.0

    def __enter__(self) -> Block:
        if self._window is not None:
            raise RuntimeError(
                f"memguard.measure: the block {self.label!r} has not ended, accepted: one `with` of it at a time; "
                "blocks that nest each have a memguard.measure of their own"
            )
        self._reading = None
        self._window = self._probe.open(WindowPlan())
        self._open_windows.append(self._window)
        self._seconds = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._seconds = time.perf_counter() - self._seconds
        assert self._window is not None
        self._reading = self._window.close()
        self._open_windows.remove(self._window)
        self._window = None

    @property
    def reading(self) -> Reading:
        """Everything the probe read.

        Raises
        ------
        RuntimeError
            Before the block has ended.
        """
        if self._reading is None:
            raise RuntimeError(f"the block {self.label!r} has not ended: its numbers can be read after it")
        return self._reading

    @property
    def peak(self) -> int | None:
        """High-water mark in bytes above the start; ``None`` where the probe has none."""
        return self.reading.peak_bytes

    @property
    def retained(self) -> int | None:
        """Bytes allocated at the end minus those at the start, as they are: without a collection."""
        return self.reading.retained_bytes

    @property
    def fragmentation(self) -> float | None:
        """1 - high-water allocated / high-water reserved; ``None`` where the probe knows nothing reserved."""
        return fragmentation(self.reading)

    @property
    def seconds(self) -> float:
        """Wall time, with the probe open."""
        _ = self.reading
        return self._seconds

    def __repr__(self) -> str:
        if self._reading is None:
            return f"<memguard.measure {self.label!r}: not ended>"
        retained = "n/a" if self.retained is None else format_bytes(self.retained)
        return (
            f"<memguard.measure {self.label!r} ({self._probe.name}): peak {format_value(self.peak, 'B')}, "
            f"retained {retained}, {format_seconds(self._seconds)}>"
        )
