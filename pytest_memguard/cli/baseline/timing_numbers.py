"""What several fresh processes found, as entries to commit, and why it might be no baseline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_memguard.model.timing_baseline import TimingEntry
from pytest_memguard.stats.spread import drift, relative_band

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_memguard.model.timing_baseline import Reference

__all__ = ["WIDEST_BAND", "Process", "best_scores", "entries_of", "objections"]

WIDEST_BAND = 0.5
LARGEST_DRIFT = 0.25  # of a kernel that nobody changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process' times; what is in it comes from a file, one key for each of a benchmark's numbers."""

    benchmarks: dict[str, dict[str, Any]]
    scores: dict[str, float]


def entries_of(processes: Sequence[Process], reference: Reference) -> dict[str, TimingEntry]:
    """An entry for every benchmark that was timed in all of them."""
    names = [name for name in processes[0].benchmarks if all(name in each.benchmarks for each in processes)]
    return {name: _entry([each.benchmarks[name] for each in processes], reference) for name in names}


def _entry(found: list[dict[str, Any]], reference: Reference) -> TimingEntry:
    minima = tuple(float(each["minimum"]) for each in found)
    return TimingEntry(
        code=found[0]["code"],
        minima=minima,
        quantiles=tuple(tuple(map(float, each["quartiles"])) for each in found),
        band=relative_band(minima),
        commit=reference.commit,
        date=reference.date,
    )


def best_scores(processes: Sequence[Process]) -> dict[str, float]:
    return {name: min(each.scores[name] for each in processes) for name in processes[0].scores}


def objections(
    processes: Sequence[Process], entries: dict[str, TimingEntry], *, widest_band: float = WIDEST_BAND
) -> Iterator[str]:
    """Why these numbers should not be committed."""
    for name in processes[0].scores:
        moved = drift([each.scores[name] for each in processes])
        if moved > LARGEST_DRIFT:
            yield f"the control {name!r} drifted by {moved:.0%} meanwhile, accepted: {LARGEST_DRIFT:.0%}"
    for nodeid, entry in entries.items():
        if entry.band is not None and entry.band > widest_band:
            yield f"{nodeid} has a band of {entry.band:.0%} over its processes, accepted: {widest_band:.0%}"
