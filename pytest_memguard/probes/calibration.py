"""Does a probe read a known allocation right, here and now?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_memguard.model import WindowPlan
from pytest_memguard.units import format_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_memguard.model import Probe

__all__ = ["calibrate", "complaint_about", "steady_complaint"]

_KNOWN_BYTES = 8 * 2**20  # above every allocator's own caches, and touched in a few milliseconds
_TOLERANCE = 0.01
_TRIES = 3


def complaint_about(probe: Probe) -> str | None:
    """Why a probe that somebody asked for by name cannot be judged by; ``None`` where all is well.

    What it needs is imported here, and nowhere else: the optional ``load()`` of a probe says why it cannot be.
    """
    load = getattr(probe, "load", None)
    return (load() if load is not None else None) or probe.unavailable() or calibrate(probe)


def calibrate(probe: Probe) -> str | None:
    """Why ``probe`` must not be judged by: it reads a known allocation more than 1 % wrong; ``None`` if right.

    The allocation is a ``bytearray``, or what the probe's own ``known_allocation(nbytes)`` makes. Where that makes
    ``None`` there is nothing to compare.
    """
    return steady_complaint(lambda: _compare(probe, getattr(probe, "known_allocation", bytearray)))


def steady_complaint(compare: Callable[[], str | None]) -> str | None:
    """What ``compare`` complains about every time; once may be another thread, or the system that took pages away."""
    complaint = None
    for _ in range(_TRIES):
        complaint = compare()
        if complaint is None:
            return None
    return complaint


def _compare(probe: Probe, allocate: object) -> str | None:
    assert callable(allocate)
    # A sampled peak is raised by every look at the counters: it would be compared with itself.
    window = probe.open(WindowPlan(wants_peak=not getattr(probe, "samples_its_peak", False)))
    try:
        try:
            known = allocate(_KNOWN_BYTES)
        except Exception as error:  # noqa: BLE001 - of a device that is full or fails, errors of any kind
            size = format_bytes(_KNOWN_BYTES)
            return f"self-calibration: a known allocation of {size} failed: {type(error).__name__}: {error}"
        if known is None:  # there is nothing that the probe would have to read right
            return None
        held = window.mark()
        # While it is still held: Linux rounds the mark of pages already freed, see probes/rss.py.
        read = {"retained": held.retained_bytes, "peak": window.mark().peak_bytes}
        del known
    finally:
        window.close()
    for name, value in read.items():
        if value is not None and abs(value - _KNOWN_BYTES) > _TOLERANCE * _KNOWN_BYTES:
            return (
                f"self-calibration: {name} of a known allocation of {format_bytes(_KNOWN_BYTES)} "
                f"read as {format_bytes(value)}"
            )
    return None
