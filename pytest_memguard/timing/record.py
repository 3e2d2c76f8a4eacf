"""What is known of one benchmark so far."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from statistics import fmean, median
from typing import TYPE_CHECKING

from pytest_memguard.model.timing import BenchmarkTiming, SideName, TimingVerdict
from pytest_memguard.stats.duet import Decision, DuetOutcome, decide
from pytest_memguard.stats.trimmed import summarize_trimmed
from pytest_memguard.timing.pair import Setback, Timed

if TYPE_CHECKING:
    from pytest_memguard.model.timing_baseline import Acceptance
    from pytest_memguard.timing.census import Benchmark
    from pytest_memguard.timing.settings import DuetSettings

__all__ = ["Record"]

_VERDICTS = {
    DuetOutcome.PASS: TimingVerdict.PASS,
    DuetOutcome.IMPROVED: TimingVerdict.IMPROVED,
    DuetOutcome.REGRESSED: TimingVerdict.REGRESSED,
    DuetOutcome.INCONCLUSIVE: TimingVerdict.INCONCLUSIVE,
    DuetOutcome.UNDECIDED: TimingVerdict.INCONCLUSIVE,
}
_FAR = 3  # noise within pairs is that much smaller: it adds a tenth to their variance at most
_NOT_HEADS_FAULT = frozenset({"skipped", "unused"})


@dataclass(slots=True, kw_only=True)
class Record:
    """The pairs of one benchmark, and what they have come to."""

    benchmark: Benchmark
    acceptance: Acceptance | None = None  # of a slow-down that head has and base has not
    pairs: list[Timed] = field(default_factory=list)
    decision: Decision | None = None  # against what is accepted
    setback: Setback | None = None
    has_enough: bool = False  # pairs for who asked, whatever the decision

    @property
    def is_open(self) -> bool:
        """Whether another pair would tell something."""
        is_settled = self.has_enough or self.setback is not None
        return not is_settled and (self.decision is None or self.decision.pairs_wanted > 0)

    @property
    def seconds_per_pair(self) -> float:
        """What a pair took on average; nothing is known of a first one."""
        return self.measuring_seconds / len(self.pairs) if self.pairs else 0.0

    @property
    def measuring_seconds(self) -> float:
        return sum(pair.measuring_seconds for pair in self.pairs)

    def factor(self, settings: DuetSettings) -> float:
        """How many times the planned slices the next pair gets."""
        if len(self.pairs) < settings.looks[0]:
            return 1.0
        pairs = summarize_trimmed([pair.log_ratio for pair in self.pairs])
        between = pairs.standard_error * math.sqrt(len(self.pairs))
        within = math.sqrt(fmean(pair.factor * pair.error**2 for pair in self.pairs) / settings.haste_factor)
        in_haste = within < between / _FAR or self.measuring_seconds > settings.haste_seconds
        return settings.haste_factor if in_haste else settings.doubt_factor

    def add(self, found: Timed | Setback, *, settings: DuetSettings, alpha: float) -> None:
        if isinstance(found, Setback):
            self.setback = found
            return
        self.pairs.append(found)
        log_ratios = [pair.log_ratio for pair in self.pairs]
        self.decision = self._decided(log_ratios, settings, alpha)
        self.has_enough = settings.is_enough is not None and settings.is_enough(log_ratios)

    def result(self, *, settings: DuetSettings, alpha: float, stopped: str) -> BenchmarkTiming:
        """The verdict; ``stopped`` says why there are no more pairs where more were wanted."""
        if self.setback is not None:
            return self._without_verdict(self.setback)
        decision = self.against_base
        if decision is None:
            return self._timing(TimingVerdict.INCONCLUSIVE, stopped)
        verdict, reason = _VERDICTS[decision.outcome], ""
        if verdict is TimingVerdict.IMPROVED and decision.upper > (1 + self._share(settings)) ** -0.5:
            verdict = TimingVerdict.PASS  # faster than what is accepted, not than base
        told = f"; a threshold of {decision.resolvable:.0%} could have been told"
        if decision.outcome is DuetOutcome.UNDECIDED:
            reason = f"{stopped}: {decision.reason}{'' if math.isnan(decision.resolvable) else told}"
        elif verdict is TimingVerdict.REGRESSED:
            reason = (
                f"{_percent(decision.ratio)} slower than base ({_percent(decision.lower)} to "
                f"{_percent(decision.upper)}), threshold {_percent(self._limit(settings))}{self._said()}"
            )
        elif verdict is TimingVerdict.INCONCLUSIVE:
            reason = f"{decision.reason}{told}"
        elif verdict is TimingVerdict.PASS and (slower := self._slower_mean(settings, alpha)):
            verdict, reason = TimingVerdict.INCONCLUSIVE, slower
        elif verdict is TimingVerdict.PASS and decision.ratio > 1 + self._share(settings):
            verdict = TimingVerdict.ACCEPTED
            reason = f"{_percent(decision.ratio)} slower than base{self._said()}"
        return self._timing(verdict, reason)

    def _share(self, settings: DuetSettings) -> float:
        """The slow-down to find: the benchmark's own, or that of the whole comparison."""
        return settings.threshold if self.benchmark.regression is None else self.benchmark.regression

    @property
    def _accepted_ratio(self) -> float:
        return self.acceptance.ratio if self.acceptance else 1.0

    def _limit(self, settings: DuetSettings) -> float:
        """The ratio that is red."""
        return (1 + self._share(settings)) * self._accepted_ratio

    @property
    def against_base(self) -> Decision | None:
        """The decision with its ratio and limits over base."""
        if self.decision is None:
            return None
        ratio, lower, upper = (
            self._accepted_ratio * each
            for each in (self.decision.ratio, self.decision.lower, self.decision.upper)
        )
        return replace(self.decision, ratio=ratio, lower=lower, upper=upper)

    def _said(self) -> str:
        if self.acceptance is None:
            return ""
        return f", accepted up to {self.acceptance.ratio:g}x: {self.acceptance.reason}"

    def _decided(self, log_ratios: list[float], settings: DuetSettings, alpha: float) -> Decision:
        """Of how much slower head is than base may be: half the threshold beyond what is accepted is red."""
        accepted = math.log(self._accepted_ratio)
        beyond = [each - accepted for each in log_ratios]
        return decide(beyond, threshold=self._share(settings), alpha=alpha, looks=settings.looks)

    def _slower_mean(self, settings: DuetSettings, alpha: float) -> str | None:
        """Work that only some calls do, such as rebuilding a list, does not show in the fastest of them."""
        mean = self._decided([pair.mean_log_ratio for pair in self.pairs], settings, alpha)
        if mean.lower > 1 + self._share(settings):
            slower = _percent(mean.ratio * self._accepted_ratio)
            return f"the fastest calls are alike, but their mean is {slower} slower than on base"
        return None

    def _without_verdict(self, setback: Setback) -> BenchmarkTiming:
        if setback.side is SideName.BASE:
            how = {
                "died": "ends the process on base",
                "failed": "fails on base",
                "skipped": "is skipped on base",
            }
            reason = f"{how.get(setback.outcome, 'is not on base')}: {setback.reason}"
            return self._timing(TimingVerdict.NEW, reason, head_seconds=setback.head_seconds)
        if setback.outcome in _NOT_HEADS_FAULT:
            return self._timing(TimingVerdict.NOT_MEASURED, setback.reason)
        return self._timing(TimingVerdict.COULD_NOT_RUN, f"{setback.outcome} on head: {setback.reason}")

    def _timing(
        self, verdict: TimingVerdict, reason: str, *, head_seconds: float | None = None
    ) -> BenchmarkTiming:
        pairs, decision = self.pairs, self.against_base
        has_limits = decision is not None and decision.ratio == decision.ratio  # NaN before the first look
        return BenchmarkTiming(
            nodeid=self.benchmark.nodeid,
            file=self.benchmark.file,
            line=self.benchmark.line,
            verdict=verdict,
            reason=reason,
            base_seconds=median(pair.base_seconds for pair in pairs) if pairs else None,
            head_seconds=median(pair.head_seconds for pair in pairs) if pairs else head_seconds,
            ratio=decision.ratio if decision and has_limits else None,
            lower=decision.lower if decision and has_limits else None,
            upper=decision.upper if decision and has_limits else None,
            pair_ratios=tuple(pair.log_ratio for pair in pairs),
            slices=tuple(pair.slices for pair in pairs if pair.slices is not None),
            measuring_seconds=self.measuring_seconds,
        )


def _percent(ratio: float) -> str:
    return f"{100 * (ratio - 1):.1f} %"
