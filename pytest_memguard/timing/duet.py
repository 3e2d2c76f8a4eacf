"""Pair after pair, until every benchmark has its verdict or the time is up."""

from __future__ import annotations

import dataclasses
import random
import time
from collections import Counter
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from pytest_memguard.model.timing import SideName
from pytest_memguard.stats.allocation import next_pairs
from pytest_memguard.stats.duet import alpha_per_comparison, decide
from pytest_memguard.timing.errors import CouldNotRun
from pytest_memguard.timing.link import Worker, WorkerGone
from pytest_memguard.timing.pair import Pair, Setback, Timed
from pytest_memguard.timing.processes import Entry
from pytest_memguard.timing.record import Record
from pytest_memguard.timing.worker.controls import CONTROLS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pytest_memguard.timing.census import Benchmark
    from pytest_memguard.timing.settings import DuetSettings
    from pytest_memguard.timing.slices import SlicePlan
    from pytest_memguard.timing.stage import Stage, Watch

__all__ = ["Duet"]

_SIDES = (SideName.BASE, SideName.HEAD)
_DEATHS_AT_THE_START = 2


class Duet:
    """The state of a comparison."""

    def __init__(
        self,
        stage: Stage,
        benchmarks: Sequence[Benchmark],
        *,
        on_base: Collection[str],
        settings: DuetSettings,
    ) -> None:
        self.records = {
            each.nodeid: Record(benchmark=each, acceptance=settings.accepted.get(each.nodeid))
            for each in benchmarks
        }
        self.controls: dict[str, list[float]] = {name: [] for name in CONTROLS}
        self.alpha = alpha_per_comparison(len(on_base))
        self.hash_seeds: list[int] = []
        self.origins: dict[SideName, dict[str, str]] = {side: {} for side in _SIDES}
        self.was_pinned = True
        self.stopped = ""
        self._stage, self._settings, self._on_base = stage, settings, frozenset(on_base)
        self._died_on_base: dict[str, str] = {}
        self._plans: dict[str, dict[SideName, SlicePlan]] = {}
        self._random = random.Random(settings.seed)  # noqa: S311 - seeds of hashes, not secrets
        self._deadline = time.monotonic() + settings.budget_seconds

    def run(self, watch: Watch) -> None:
        """Add pairs until no benchmark is open.

        Raises
        ------
        CouldNotRun
            When processes die before they have come to any benchmark.
        """
        deaths: Counter[str] = Counter()
        while still_open := [record for record in self.records.values() if record.is_open]:
            next_ones = self._next_ones(still_open)
            if self._is_over() or not next_ones:
                budget = f"the budget of {self._settings.budget_seconds / 60:.3g} min"
                self.stopped = (
                    f"{budget} was spent"
                    if self._is_over()
                    else f"{budget} has no room for the pairs it takes"
                )
                return
            watch.pair(len(self.hash_seeds) + 1, next_ones)
            try:
                self._one_pair(next_ones, watch)
            except _PairLost:
                continue
            except WorkerGone as gone:
                deaths[gone.side] += 1
                if deaths[gone.side] >= _DEATHS_AT_THE_START:
                    raise CouldNotRun(
                        f"pytest on {gone.side.value} came to no benchmark: {gone.reason}"
                    ) from gone

    def _next_ones(self, records: Sequence[Record]) -> list[Record]:
        """What can still be settled in the time that is left, in the order of the files."""
        settled = next_pairs(
            {record.benchmark.nodeid: record.decision or decide(()) for record in records},
            threshold=self._settings.threshold,
            seconds_per_pair={record.benchmark.nodeid: record.seconds_per_pair for record in records},
            budget_seconds=self._deadline - time.monotonic(),
        )
        return [record for record in records if record.benchmark.nodeid in settled]

    def _is_over(self) -> bool:
        return time.monotonic() >= self._deadline

    def _patience(self) -> float:
        return max(0.0, self._deadline - time.monotonic()) + self._settings.grace_seconds

    def _one_pair(self, records: Sequence[Record], watch: Watch) -> None:
        number = len(self.hash_seeds)
        seed = self._random.randrange(2**32)
        self.hash_seeds.append(seed)
        here = {side: [each for each in records if self._is_on(side, each)] for side in _SIDES}
        with ExitStack() as stack:
            workers = {
                side: stack.enter_context(
                    Worker(
                        side,
                        self._stage.launch,
                        self._stage.trees.of(side),
                        Entry(
                            log=self._stage.trees.folder / f"{side.value}.log",
                            hash_seed=seed,
                            cpus=self._cores(number + shift),  # imports of the two side by side
                            files=tuple(dict.fromkeys(each.benchmark.file for each in here[side])),
                        ),
                    )
                )
                for shift, side in enumerate(_SIDES)
            }
            self._set(workers, here, cpus=self._cores(number))
            pair_of = partial(
                Pair, workers, first=_SIDES[number % 2], plans=self._plans, patience=self._patience
            )
            self._time_controls(pair_of(settings=self._settings.slices.of_controls()))
            self._time(pair_of(settings=self._settings.slices), records, watch)
            for side, worker in workers.items():
                worker.tell("finish")
                self.origins[side] |= worker.hear(self._patience())["origins"]

    def _is_on(self, side: SideName, record: Record) -> bool:
        return side is SideName.HEAD or record.benchmark.nodeid in self._on_base

    def _set(
        self, workers: dict[SideName, Worker], here: dict[SideName, list[Record]], *, cpus: tuple[int, ...]
    ) -> None:
        for side, worker in workers.items():
            worker.hear(self._patience())
            nodeids = [each.benchmark.nodeid for each in here[side]]
            worker.tell("run", packages=self._stage.packages, cpus=cpus, nodeids=nodeids)
        for worker in workers.values():
            self.was_pinned &= worker.hear(self._patience())["pinned"]

    def _time_controls(self, pair: Pair) -> None:
        for name, log_ratios in self.controls.items():
            found = pair.time(name, on_base=CONTROLS)
            if isinstance(found, Timed):
                log_ratios.append(found.log_ratio)

    def _time(self, pair: Pair, records: Sequence[Record], watch: Watch) -> None:
        for record in records:
            if self._is_over():
                return
            nodeid = record.benchmark.nodeid
            try:
                outcome = pair.time(nodeid, on_base=self._on_base, factor=record.factor(self._settings))
            except WorkerGone as gone:
                self._bury(record, gone)
                raise _PairLost from gone
            if (
                isinstance(outcome, Setback)
                and outcome.side is SideName.BASE
                and nodeid in self._died_on_base
            ):
                outcome = dataclasses.replace(outcome, outcome="died", reason=self._died_on_base[nodeid])
            record.add(outcome, settings=self._settings, alpha=self.alpha)
            watch.timed(record)

    def _bury(self, record: Record, gone: WorkerGone) -> None:
        """What ends the process on base is new, if head alone gets through it in the next pair."""
        nodeid = record.benchmark.nodeid
        if gone.side is SideName.BASE:
            self._died_on_base[nodeid] = gone.reason
            self._on_base -= {nodeid}
        else:
            record.setback = Setback(side=gone.side, outcome="died", reason=gone.reason)

    def _cores(self, number: int) -> tuple[int, ...]:
        """The cores of a pair: others for the next, so that no single one decides."""
        cpus, count = self._stage.cpus, self._settings.threads
        if count >= len(cpus):
            return cpus
        return tuple(cpus[(number * count + shift) % len(cpus)] for shift in range(count))


class _PairLost(Exception):  # noqa: N818
    """A benchmark took its process with it; the others go on in the next pair."""
