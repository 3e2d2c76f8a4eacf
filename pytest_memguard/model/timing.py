"""What a comparison of two commits in time found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pytest_memguard.model.verdict import Verdict

__all__ = ["BenchmarkTiming", "ControlTiming", "DuetRun", "PairSlices", "SideName", "TimingVerdict"]


class SideName(str, Enum):
    """The two commits of a comparison."""

    BASE = "base"
    HEAD = "head"


class TimingVerdict(str, Enum):
    """What a comparison of one benchmark came to."""

    PASS = "pass"
    IMPROVED = "improved"
    NEW = "new"  # it cannot run on base
    ACCEPTED = "accepted"  # slower, and on purpose
    REGRESSED = "regressed"
    INCONCLUSIVE = "inconclusive"
    NOT_MEASURED = "not_measured"  # head itself skips it, or does not benchmark
    COULD_NOT_RUN = "could_not_run"  # no verdict over its time at all

    @property
    def verdict(self) -> Verdict:
        """The same in the words of a run file."""
        return _VERDICTS.get(self, Verdict.PASS)


_VERDICTS = {
    TimingVerdict.REGRESSED: Verdict.FAIL,
    TimingVerdict.INCONCLUSIVE: Verdict.INCONCLUSIVE,
    TimingVerdict.NOT_MEASURED: Verdict.NOT_MEASURED,
    TimingVerdict.COULD_NOT_RUN: Verdict.UNAVAILABLE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PairSlices:
    """What one pair of processes measured: seconds per call, a number for each slice in the order of time."""

    first: SideName  # the two take turns as ABBA ABBA..., beginning with it
    base_seconds: tuple[float, ...]
    head_seconds: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkTiming:
    """One benchmark on both sides; ratios are head's time over base's."""

    nodeid: str
    file: str
    line: int  # 1-based
    verdict: TimingVerdict
    reason: str = ""
    base_seconds: float | None = None  # per call, median over pairs of the fastest
    head_seconds: float | None = None
    ratio: float | None = None
    lower: float | None = None
    upper: float | None = None
    pair_ratios: tuple[float, ...] = ()
    slices: tuple[PairSlices, ...] = ()  # of every pair, for who judges by a rule of their own
    measuring_seconds: float = 0.0  # spent in slices and calibration, both sides
    base_instructions: float | None = None  # per call, where they were asked for; not judged
    head_instructions: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlTiming:
    """A kernel that is the same on both sides."""

    name: str
    ratio: float
    is_off: bool
    pair_ratios: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DuetRun:
    """A whole comparison."""

    base: str  # commit
    head: str  # commit, with "+" where the working tree had changes
    threshold: float
    alpha: float
    pairs: int
    seconds: float
    benchmarks: tuple[BenchmarkTiming, ...] = ()
    controls: tuple[ControlTiming, ...] = ()
    advisory: tuple[str, ...] = ()  # why no verdict of this run can be more than advice
    notes: tuple[str, ...] = ()
    hash_seeds: tuple[int, ...] = ()
