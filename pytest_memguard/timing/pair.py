"""One pair: two fresh processes, standing in the same benchmarks and running in turns."""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, TypeAlias

from pytest_memguard.model.timing import PairSlices, SideName
from pytest_memguard.timing.slices import (
    SlicePlan,
    calibration_size,
    pair_error,
    pair_ratio,
    plan,
    turns,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence

    from pytest_memguard.timing.link import Worker
    from pytest_memguard.timing.settings import SliceSettings

__all__ = ["Pair", "Setback", "Timed"]

_ALIKE = 4.0  # sides this far apart cannot share one length of slice
BASE, HEAD = SideName.BASE, SideName.HEAD
# Of every slice, by side: seconds per call of the fastest batch, and of all of them.
_Found: TypeAlias = "tuple[dict[SideName, list[float]], dict[SideName, list[float]]]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """What one pair says about one benchmark: ln(head / base), and the seconds behind it.

    ``error`` is what ``log_ratio`` may be off by for noise within the pair, which had ``factor`` times the planned
    slices.
    """

    log_ratio: float
    mean_log_ratio: float
    base_seconds: float
    head_seconds: float
    measuring_seconds: float
    error: float = 0.0
    factor: float = 1.0
    slices: PairSlices | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Setback:
    """Why a benchmark has no pair: what became of it on the side named."""

    side: SideName
    outcome: str  # failed, failed when repeated, skipped, unused, missing, died
    reason: str
    head_seconds: float | None = None


class _Ended(Exception):  # noqa: N818
    """A test came to its end while it was to be timed."""

    def __init__(self, side: SideName, event: Mapping[str, Any], *, is_first: bool) -> None:
        super().__init__(side)
        self.side, self.event, self.is_first = side, event, is_first


class Pair:
    """Times one benchmark after the other. Only one of the two processes runs at any time.

    ``plans`` outlives the pair: calibrated in the first, used in all.
    """

    def __init__(
        self,
        workers: Mapping[SideName, Worker],
        *,
        first: SideName,
        plans: dict[str, dict[SideName, SlicePlan]],
        settings: SliceSettings,
        patience: Callable[[], float],
    ) -> None:
        self._workers, self._first, self._plans = workers, first, plans
        self._settings, self._patience = settings, patience
        self._slices_so_far: dict[SideName, int] = {}

    def time(self, nodeid: str, *, on_base: Container[str], factor: float = 1.0) -> Timed | Setback:
        """One ratio, of ``factor`` times the planned slices."""
        started = time.monotonic()
        ready: list[SideName] = []
        ended: dict[SideName, Mapping[str, Any]] = {}
        for side in (BASE, HEAD) if self._first is BASE else (HEAD, BASE):
            if side is HEAD or nodeid in on_base:
                event = self._ask(side, "start", nodeid=nodeid)
                if event["event"] == "ready":
                    ready.append(side)
                else:
                    ended[side] = {**event, "outcome": "unused"} if event["outcome"] == "passed" else event
        found: _Found | None = None
        head_seconds: float | None = None
        worn: Setback | None = None
        self._slices_so_far = dict.fromkeys((BASE, HEAD), 0)
        try:
            if len(ready) == 2:
                found = self._measure(nodeid, factor)
            elif ready == [HEAD]:
                head_seconds, _ = self._calibrate(HEAD)
        except _Ended as end:
            ended[end.side] = end.event
            ready.remove(end.side)
            if not end.is_first:  # what can be called once, but not again, says nothing about base
                worn = Setback(side=HEAD, outcome="failed when repeated", reason=end.event["reason"])
        for side in ready:
            ended[side] = self._ask(side, "end")
        setback = worn or _setback(ended, head_seconds, is_timed=found is not None)
        if setback is not None or found is None:
            return setback or Setback(
                side=BASE, outcome="missing", reason="not there", head_seconds=head_seconds
            )
        fastest, mean = found
        return Timed(
            log_ratio=pair_ratio(fastest[BASE], fastest[HEAD]),
            mean_log_ratio=pair_ratio(mean[BASE], mean[HEAD]),
            base_seconds=median(fastest[BASE]),
            head_seconds=median(fastest[HEAD]),
            measuring_seconds=time.monotonic() - started,
            error=pair_error(fastest[BASE], fastest[HEAD]),
            factor=len(fastest[BASE]) / self._plans[nodeid][BASE].slices,
            slices=PairSlices(
                first=self._first,
                base_seconds=_shortened(fastest[BASE]),
                head_seconds=_shortened(fastest[HEAD]),
            ),
        )

    def _ask(self, side: SideName, do: str, **facts: Any) -> dict[str, Any]:
        self._workers[side].tell(do, **facts)
        return self._workers[side].hear(self._patience())

    def _slice(self, side: SideName, *, batches: int, size: int) -> dict[str, Any]:
        event = self._ask(side, "slice", batches=batches, size=size)
        if event["event"] != "sliced":
            raise _Ended(side, event, is_first=self._slices_so_far[side] == 0)
        self._slices_so_far[side] += 1
        return event

    def _calibrate(self, side: SideName) -> tuple[float, float]:
        """Seconds of a call, and what a call takes with its setup and teardown; the first one is not looked at."""
        self._slice(side, batches=1, size=1)
        size: int | None = 1
        seconds = wall = 0.0
        while size is not None:
            event = self._slice(side, batches=1, size=size)
            seconds, wall = event["fastest"], event["wall"] / size
            # What is set up for long and timed for short is not repeated until the timed part is long.
            size = (
                None
                if event["wall"] > 1.0
                else calibration_size(size, seconds * size, settings=self._settings)
            )
        return seconds, wall

    def _plan(self, nodeid: str) -> dict[SideName, SlicePlan]:
        if nodeid not in self._plans:
            calls = {side: self._calibrate(side) for side in (BASE, HEAD)}
            seconds = [each for each, _ in calls.values()]
            if max(seconds) <= _ALIKE * min(seconds):
                common = plan(min(seconds), max(wall for _, wall in calls.values()), self._settings)
                self._plans[nodeid] = dict.fromkeys(calls, common)
            else:
                own = {side: plan(*each, self._settings) for side, each in calls.items()}
                slices = min(each.slices for each in own.values())
                self._plans[nodeid] = {
                    side: SlicePlan(batches=each.batches, size=each.size, slices=slices)
                    for side, each in own.items()
                }
        return self._plans[nodeid]

    def _measure(self, nodeid: str, factor: float) -> _Found:
        plans = self._plan(nodeid)
        for side in (BASE, HEAD):
            if plans[side].drops_first:
                self._slice(side, batches=plans[side].batches, size=plans[side].size)
        fastest: dict[SideName, list[float]] = {BASE: [], HEAD: []}
        mean: dict[SideName, list[float]] = {BASE: [], HEAD: []}
        for side in turns(plans[BASE].slices_of(factor), self._first):
            event = self._slice(side, batches=plans[side].batches, size=plans[side].size)
            fastest[side].append(max(event["fastest"], 1e-12))
            mean[side].append(max(event["mean"], 1e-12))
        return fastest, mean


def _setback(
    ended: Mapping[SideName, Mapping[str, Any]], head_seconds: float | None, *, is_timed: bool
) -> Setback | None:
    """What head itself cannot do counts before what base cannot."""
    for side in (HEAD, BASE):
        event = ended.get(side)
        if event is not None and event["outcome"] != "passed":
            reason = event["reason"] or ("never calls benchmark" if event["outcome"] == "unused" else "")
            return Setback(side=side, outcome=event["outcome"], reason=reason, head_seconds=head_seconds)
        if event is None and not is_timed and side is BASE:
            return Setback(
                side=side, outcome="missing", reason="it is not collected there", head_seconds=head_seconds
            )
    return None


def _shortened(seconds: Sequence[float]) -> tuple[float, ...]:
    """As many digits as a clock tells: there are hundreds of these in a file."""
    return tuple(float(f"{each:.6g}") for each in seconds)
