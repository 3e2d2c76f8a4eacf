"""Memory and load over time."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["Curve", "Timeline"]


class Curve(Struct, frozen=True, kw_only=True, gc=False):
    """One number over the times of a timeline; ``None`` where its source told nothing."""

    name: str  # a probe's, with " reserved" for what its pool holds; "cpu", "gpu" and "available" are the machine's
    unit: str  # "B", or "%" of one core or one device
    values: tuple[int | float | None, ...]

    @property
    def known(self) -> tuple[float, ...]:
        """The values that there are."""
        return tuple(value for value in self.values if value is not None)


class Timeline(Struct, frozen=True, kw_only=True, gc=False):
    """What ``memguard.record`` saw in one block of one test."""

    nodeid: str
    label: str
    seconds: tuple[float, ...]  # since the block began
    curves: tuple[Curve, ...]

    @property
    def panels(self) -> tuple[tuple[str, tuple[Curve, ...]], ...]:
        """Titles and curves that share a scale: next to what a machine has, a program's memory is a flat line."""
        panels = {
            "memory": [c for c in self.curves if c.unit == "B" and c.name != "available"],
            "memory available on the machine": [c for c in self.curves if c.name == "available"],
            "load, % of one core or of one device": [c for c in self.curves if c.unit == "%"],
        }
        return tuple((title, tuple(curves)) for title, curves in panels.items() if curves)
