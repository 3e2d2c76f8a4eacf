"""The probe over one library's counters: a pool like any other, that comes and goes."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from msgspec import structs

from pytest_memguard.model import Counters, Reading, WindowPlan
from pytest_memguard.probes.device import library
from pytest_memguard.probes.device.driver import device_used_bytes, sharing
from pytest_memguard.probes.watched import PoolProbe
from pytest_memguard.units import format_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_memguard.model import Site, Window
    from pytest_memguard.probes.device.source import DeviceSource

__all__ = ["DeviceProbe"]

_NOTHING = Counters()


def failure(name: str, error: Exception) -> str:
    """What a reading says that the library answered with an error."""
    return f"{name} does not answer: {type(error).__name__}: {error}"


def _asked(name: str, question: Callable[[], str | None]) -> str | None:
    """Why nothing can be read: an error is an answer too."""
    try:
        return question()
    except Exception as error:  # noqa: BLE001 - a library asks its driver, which fails in ways of its own
        return failure(name, error)


class DeviceProbe:
    """Reads a library while somebody uses it.

    :meth:`load` imports the library. It is for those who name the probe in a budget; to open a window imports nothing.
    A window tells nothing where the library is not there when it opens.
    """

    noise_floor_bytes = 0

    def __init__(self, source: DeviceSource) -> None:
        self.name = source.name
        self.source = source
        self._pool: PoolProbe | None = None  # while windows are open, which share the library's one mark
        self._windows = 0

    @property
    def no_verdict(self) -> str:
        return getattr(self.source, "no_verdict", "")

    def load(self) -> str | None:
        """Import the library, and the driver's own view of the device to stand beside what it says."""
        reason = _asked(self.name, self.source.load)
        if reason is None:
            library.load("pynvml")
        return reason

    def unavailable(self) -> str | None:
        return _asked(self.name, self.source.unavailable)

    def known_allocation(self, nbytes: int) -> object:
        return self.source.known_allocation(nbytes)

    def counters(self) -> Counters:
        """What the library counts now; nothing while no window is open."""
        pool = self._pool
        return _NOTHING if pool is None else pool.counters()

    def open(self, plan: WindowPlan) -> Window:
        """A window, which says of a device that fails that it does: no test ends for being watched."""
        try:
            return self._opened(plan)
        except Exception as error:  # noqa: BLE001 - a driver that does not start, or a device of others: of any kind
            return _SilentWindow(self.name, failure(self.name, error))

    def _opened(self, plan: WindowPlan) -> Window:
        if self._pool is None:
            if self.source.unavailable() is not None:
                return _SilentWindow(self.name)
            if complaint := self.source.attach():
                return _SilentWindow(self.name, complaint)
        self._windows += 1
        try:
            self._pool = self._pool or PoolProbe(self.source, self.name)
            return _DeviceWindow(self, self._pool, plan)
        except BaseException:
            self.window_closed()
            raise

    def window_closed(self) -> None:
        self._windows -= 1
        if not self._windows:
            self._pool = None
            with suppress(Exception):  # of a device that has failed; the reading said so
                self.source.detach()


class _DeviceWindow:
    def __init__(self, probe: DeviceProbe, pool: PoolProbe, plan: WindowPlan) -> None:
        self._probe = probe
        self._closed: Reading | None = None
        self._driver_bytes: int | None = None
        if plan.wants_leak:
            self.settle()
            self._driver_bytes = device_used_bytes()
        self._window = pool.open(plan)

    def mark(self) -> Reading:
        if self._closed:
            return self._closed
        source = self._probe.source
        try:
            reading = self._window.mark()
            return structs.replace(reading, broken=source.trouble(), notes=source.notes())
        except Exception as error:  # noqa: BLE001 - after a kernel has failed every call may, with errors of any kind
            broken = failure(source.name, error)
            return Reading(probe=source.name, before=_NOTHING, after=_NOTHING, broken=broken)

    def settle(self) -> int:
        with suppress(Exception):  # the reading that follows says what is wrong
            self._probe.source.settle()
        return 0

    def retained_by(self, *, is_single_call: bool, is_final: bool) -> tuple[int, int]:  # noqa: ARG002 - counters name no owner
        return max(0, self.mark().retained_bytes or 0), 0

    def sites(self, metric: Literal["peak", "leak"]) -> tuple[Site, ...]:  # noqa: ARG002 - pools keep no stacks
        return ()

    def evidence(self) -> str:
        """What the library says, and how much more the driver counts on the device since the window opened."""
        if self._closed:
            return ""
        said, now = "", device_used_bytes()
        with suppress(Exception):  # to look may fail where the device has failed meanwhile
            said = self._probe.source.evidence()
        if self._driver_bytes is None or now is None:
            return said
        more = now - self._driver_bytes
        driver = (
            f"device {'-' if more < 0 else '+'}{format_bytes(abs(more))} by the driver's count{sharing()}"
        )
        return f"{said}; {driver}" if said else driver

    def close(self) -> Reading:
        if self._closed is None:
            self._closed = self.mark()
            with suppress(Exception):
                self._window.close()
            self._probe.window_closed()
        return self._closed


class _SilentWindow:
    """Of a library that is not there, or not in a state to be read."""

    def __init__(self, name: str, complaint: str = "") -> None:
        self._reading = Reading(probe=name, before=_NOTHING, after=_NOTHING, broken=complaint)

    def mark(self) -> Reading:
        return self._reading

    def settle(self) -> int:
        return 0

    def retained_by(self, *, is_single_call: bool, is_final: bool) -> tuple[int, int]:  # noqa: ARG002
        return 0, 0

    def sites(self, metric: Literal["peak", "leak"]) -> tuple[Site, ...]:  # noqa: ARG002
        return ()

    def close(self) -> Reading:
        return self._reading
