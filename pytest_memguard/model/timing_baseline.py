"""What is committed of times: a commit, its numbers, and what was accepted since."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Acceptance", "MachineClass", "Reference", "TimingBaselines", "TimingEntry"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimingEntry:
    """One benchmark on one class of machine: seconds per call, one value of ``minima`` for each process."""

    code: str  # hash of the benchmark's source
    minima: tuple[float, ...]
    quantiles: tuple[tuple[float, ...], ...] = ()  # per process: first quartile, median, third quartile
    unit: str = "s"
    band: float | None = None  # how far apart processes are; None where too few were run to know
    pair_sd: float | None = None  # of the log ratio of two interleaved processes
    commit: str | None = None
    date: str = ""  # ISO 8601, UTC

    @property
    def seconds(self) -> float:
        """The time that later ones are held against."""
        return min(self.minima)

    @property
    def is_provisional(self) -> bool:
        """Whether so few processes stand behind it that nobody knows how far apart they are."""
        return self.band is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """A slow-down that was meant."""

    ratio: float
    reason: str
    date: str  # when it was accepted: entries measured later contain it
    expires: str | None = None  # ISO 8601 date, the last day on which it counts

    def has_expired(self, today: str) -> bool:
        return self.expires is not None and today > self.expires

    def applies_to(self, entry: TimingEntry, today: str) -> bool:
        return entry.date <= self.date and not self.has_expired(today)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The commit that the numbers are of, and the state it was in."""

    commit: str | None = None
    date: str = ""
    lock: str | None = None  # hash over the versions of all packages installed
    clean: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineClass:
    """What two machines must share for their times to be compared, and how fast they were."""

    name: str
    facts: dict[str, str] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)  # seconds per call of the calibration kernels


@dataclass(frozen=True, slots=True, kw_only=True)
class TimingBaselines:
    """All of ``timing.json``."""

    reference: Reference = field(default_factory=Reference)
    settings: dict[str, int | float] = field(default_factory=dict)
    accepted: dict[str, Acceptance] = field(default_factory=dict)  # by node id
    machines: dict[str, MachineClass] = field(default_factory=dict)  # by name of the class
    benchmarks: dict[str, dict[str, TimingEntry]] = field(default_factory=dict)  # class -> node id -> entry

    def get(self, machine: str, nodeid: str) -> TimingEntry | None:
        return self.benchmarks.get(machine, {}).get(nodeid)

    def elsewhere(self, machine: str, nodeid: str) -> dict[str, TimingEntry]:
        """The entries of other classes of machine."""
        return {
            name: entries[nodeid]
            for name, entries in self.benchmarks.items()
            if name != machine and nodeid in entries
        }

    @property
    def nodeids(self) -> tuple[str, ...]:
        named = {nodeid for entries in self.benchmarks.values() for nodeid in entries}
        return tuple(sorted(named | set(self.accepted)))
