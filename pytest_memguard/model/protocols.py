"""The open choices: what a probe, a pool and a report must offer to be used by memguard."""

from __future__ import annotations

from dataclasses import dataclass
from types import CodeType
from typing import Literal, Protocol, runtime_checkable

from pytest_memguard.model.reading import Reading, Site
from pytest_memguard.model.run import Run

__all__ = ["PoolCounters", "Probe", "Report", "Window", "WindowPlan"]


@runtime_checkable
class PoolCounters(Protocol):
    """Any pool that can be guarded: these two, and whatever it has of the optional counters.

    Optional, read where present: ``high_water_allocated_bytes``, ``high_water_reserved_bytes`` and
    ``reset_high_water()`` (without them a pool has no peak), ``free_bytes`` and ``largest_free_bytes``
    (external fragmentation), ``allocations``, ``frees``, ``hits`` and ``misses`` (counts since the pool was made).
    """

    @property
    def allocated_bytes(self) -> int:
        """Bytes handed to live objects."""

    @property
    def reserved_bytes(self) -> int:
        """Bytes the pool holds from the system or driver, handed out or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowPlan:
    """What the opener of a window wants to know at its end, so that nothing else is paid for."""

    wants_peak: bool = True
    wants_leak: bool = False
    is_watching: bool = False  # nobody has asked for this test's numbers: they may cost next to nothing
    peak_limit_bytes: int | None = None  # catch the allocations that cross it in the act
    code: CodeType | None = (
        None  # the body that is measured, to name one of its lines where the act was too short
    )


class Window(Protocol):
    """One measuring window, opened by :meth:`Probe.open`.

    Optional: ``noise_bytes``, what measuring itself may have added since the window was first settled; over several
    calls it counts as noise, on top of the probe's floor. ``evidence()``, what else there is to say of a leak that was
    found, in a few words: asked before the window closes, and only then, so it may cost something.
    """

    def mark(self) -> Reading:
        """Read the window so far without ending it."""

    def settle(self) -> int:
        """Give back what only caches hold, and count the bytes of captured output, which are no leak.

        Called before a garbage collection, and only where the bytes retained are above what is allowed.
        """

    def retained_by(self, *, is_single_call: bool, is_final: bool) -> tuple[int, int]:
        """Bytes retained by the test, and by what the interpreter and the runner keep for themselves.

        ``is_final``: nothing more will be read, so the window may end before it sums up.
        """

    def sites(self, metric: Literal["peak", "leak"]) -> tuple[Site, ...]:
        """Source lines behind a number, largest first; empty where the probe cannot tell."""

    def close(self) -> Reading:
        """End the window. Closing twice returns the same reading."""


class Probe(Protocol):
    """One source of memory counters.

    ``noise_floor_bytes`` is what the interpreter and the allocator themselves move within one window.

    Optional: ``load()`` imports what the probe reads, and says why it cannot or returns ``None``. It is called where
    somebody asks for the probe by name. A probe that has it is also opened for tests that did not ask, without it.
    ``no_verdict`` says why its numbers are shown and never judged; empty where they are. ``counters()`` gives what it
    counts now, as :class:`Counters`, cheaply and in any thread, so that it can be drawn over time; of a probe with
    ``load()`` it is asked for while a window is open.
    """

    name: str
    noise_floor_bytes: int

    def unavailable(self) -> str | None:
        """Why the probe cannot run here, or ``None`` when it can."""

    def open(self, plan: WindowPlan) -> Window:
        """Open a window; windows nest, and an inner one hands its high-water mark to the outer ones."""


class Report(Protocol):
    """One output format."""

    name: str
    default_path: str | None  # None: it knows its own place, or is printed

    def render(self, run: Run) -> str:
        """The whole report as text."""
