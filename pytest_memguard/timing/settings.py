"""How a comparison is made: the numbers that were found to work, and what a user may choose."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pytest_memguard.stats.duet import LOOKS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_memguard.model.timing_baseline import Acceptance

__all__ = ["DuetSettings", "SliceSettings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceSettings:
    """How one benchmark is cut up within one pair."""

    slice_seconds: float = 0.004  # or one call: noise decorrelates within 50 to 150 ms, alternate well below
    side_seconds: float = 0.2  # per side, benchmark and pair
    batch_seconds: float = 0.0002  # one reading of the clock; well above what a reading costs
    setup_factor: float = 5.0  # setup and teardown may take this much more than what is timed

    def of_controls(self) -> SliceSettings:
        """Half the time: beside a single benchmark, three controls would take three quarters of all."""
        return replace(self, side_seconds=self.side_seconds / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class DuetSettings:
    """What a comparison is asked to do."""

    threshold: float = 0.05
    budget_seconds: float = 600.0
    threads: int = 1
    looks: tuple[int, ...] = LOOKS
    seed: int | None = None  # of the hash seeds; None is a fresh one
    build: str | None = None  # a shell command that makes a tree importable
    grace_seconds: float = 60.0  # a worker that says nothing for this long beyond the budget hangs
    counts_instructions: bool = False  # too, by cachegrind
    is_enough: Callable[[Sequence[float]], bool] | None = (
        None  # of log ratios: true asks for no more, decided or not
    )
    slices: SliceSettings = field(default_factory=SliceSettings)
    # So many times the slices in the pairs of what the first look leaves open: a pair of fresh processes costs seconds
    # however short it is, but where processes differ by far more than the slices of one, only more processes tell.
    doubt_factor: float = 2.0
    haste_factor: float = 0.25
    haste_seconds: float = 40.0  # of measuring one benchmark, after which its pairs are short in any case
    accepted: Mapping[str, Acceptance] = field(
        default_factory=dict
    )  # by node id: slow-downs meant since base
