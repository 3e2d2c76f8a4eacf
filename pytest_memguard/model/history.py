"""A number over time."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Point", "Series"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One value, of a commit of the baselines or of a run."""

    commit: str  # empty where a run does not know it
    date: str  # ISO 8601
    value: float
    source: str = ""  # the run file; empty where the number was committed


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One number of one test, oldest first; ``steps`` are the positions at which a new level begins."""

    nodeid: str
    probe: str
    metric: str
    unit: str
    machine: str = ""  # of a time, which is comparable within one class of machine alone
    points: tuple[Point, ...] = ()
    steps: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        return " ".join(filter(None, (self.nodeid, self.probe, self.metric)))
