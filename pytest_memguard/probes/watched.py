"""A pool of the tested program, guarded through its own counters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pytest_memguard.model import Counters, PoolCounters, Reading, WindowPlan
from pytest_memguard.probes.marks import MarkStack

if TYPE_CHECKING:
    from pytest_memguard.model import Site
    from pytest_memguard.probes.device.source import DeviceSource

__all__ = ["PoolProbe"]


def _optional(pool: object, counter: str) -> int | None:
    value = getattr(pool, counter, None)
    return None if value is None else int(value)


class PoolProbe:
    """The probe over one watched pool.

    Raises
    ------
    TypeError
        When ``pool`` lacks a counter that every pool must have.
    """

    noise_floor_bytes = 0

    def __init__(self, pool: PoolCounters | DeviceSource, name: str) -> None:
        missing = [c for c in ("allocated_bytes", "reserved_bytes") if not hasattr(pool, c)]
        if missing:
            raise TypeError(
                f"cannot watch {type(pool).__name__} as {name!r}: it has no {' and no '.join(missing)}; "
                "accepted: an object with the PoolCounters protocol (see pytest_memguard.extend)"
            )
        self.name = name
        self.pool = pool
        # The pool keeps one mark for everybody, so nested windows share it like tracemalloc's peak.
        self.allocated_marks: MarkStack[_Mark] = MarkStack()
        self.reserved_marks: MarkStack[_Mark] = MarkStack()

    def unavailable(self) -> str | None:
        return None

    def counters(self) -> Counters:
        return Counters(
            allocated_bytes=_optional(self.pool, "allocated_bytes"),
            reserved_bytes=_optional(self.pool, "reserved_bytes"),
            free_bytes=_optional(self.pool, "free_bytes"),
            largest_free_bytes=_optional(self.pool, "largest_free_bytes"),
            allocations=_optional(self.pool, "allocations"),
            frees=_optional(self.pool, "frees"),
            hits=_optional(self.pool, "hits"),
            misses=_optional(self.pool, "misses"),
        )

    def hand_out(self) -> None:
        """Give the pool's marks to every open window."""
        self.allocated_marks.hand_out(_optional(self.pool, "high_water_allocated_bytes") or 0)
        self.reserved_marks.hand_out(_optional(self.pool, "high_water_reserved_bytes") or 0)

    def open(self, plan: WindowPlan) -> _PoolWindow:  # noqa: ARG002 - counters cost nothing
        return _PoolWindow(self)


class _Mark:
    __slots__ = ("high_water_bytes",)

    def __init__(self) -> None:
        self.high_water_bytes = 0


class _PoolWindow:
    def __init__(self, probe: PoolProbe) -> None:
        self._probe = probe
        self._closed: Reading | None = None
        self._allocated, self._reserved = _Mark(), _Mark()
        probe.hand_out()
        probe.allocated_marks.push(self._allocated)
        probe.reserved_marks.push(self._reserved)
        reset = getattr(probe.pool, "reset_high_water", None)
        self._can_reset = callable(reset)
        if callable(reset):
            reset()
        self._before = probe.counters()
        self._mark_at_open = _optional(probe.pool, "high_water_allocated_bytes")
        self._reserved_at_open = _optional(probe.pool, "high_water_reserved_bytes")

    def mark(self) -> Reading:
        if self._closed:
            return self._closed
        self._probe.hand_out()
        return Reading(
            probe=self._probe.name,
            before=self._before,
            after=self._probe.counters(),
            high_water_allocated_bytes=self._high_water(self._allocated, self._mark_at_open),
            high_water_reserved_bytes=self._high_water(self._reserved, self._reserved_at_open),
        )

    def _high_water(self, mark: _Mark, at_open: int | None) -> int | None:
        """The window's own mark; ``None`` when the pool has none, or an old one that nothing has moved."""
        if at_open is None or (not self._can_reset and mark.high_water_bytes <= at_open):
            return None
        return mark.high_water_bytes

    def settle(self) -> int:
        return 0

    def retained_by(self, *, is_single_call: bool, is_final: bool) -> tuple[int, int]:  # noqa: ARG002 - counters name no owner
        return max(0, self.mark().retained_bytes or 0), 0

    def sites(self, metric: Literal["peak", "leak"]) -> tuple[Site, ...]:  # noqa: ARG002
        return ()

    def close(self) -> Reading:
        if self._closed is None:
            self._closed = self.mark()
            self._probe.allocated_marks.remove(self._allocated)
            self._probe.reserved_marks.remove(self._reserved)
        return self._closed
