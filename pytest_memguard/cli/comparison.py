"""What changed from one run to another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from pytest_memguard.gate import tolerance_of
from pytest_memguard.model import METRICS, Measurement, Run, TestResult, Verdict

if TYPE_CHECKING:
    from pytest_memguard.gate.tolerance import Tolerance

__all__ = ["Comparison", "Difference", "Outcome", "compare_runs"]


class Outcome(Enum):
    """What became of one number, gravest first."""

    FAILS_NOW = "fails now"
    WORSE = "worse"
    NOT_COMPARABLE = "not comparable"
    ONLY_IN_A = "only in A"
    ONLY_IN_B = "only in B"
    BETTER = "better"
    SAME = ""

    @property
    def is_regression(self) -> bool:
        return self in (Outcome.FAILS_NOW, Outcome.WORSE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One number in both runs."""

    nodeid: str
    probe: str
    metric: str
    a: Measurement | None
    b: Measurement | None
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    differences: tuple[Difference, ...]
    fail_now: tuple[str, ...]  # tests that did not fail in A
    undecided_in_b: tuple[str, ...]
    only_in_a: tuple[str, ...]
    only_in_b: tuple[str, ...]

    @property
    def is_regression(self) -> bool:
        return bool(self.fail_now) or any(each.outcome.is_regression for each in self.differences)

    @property
    def is_inconclusive(self) -> bool:
        """Whether B leaves open how a number or a test of A fared."""
        lost = (Outcome.NOT_COMPARABLE, Outcome.ONLY_IN_A)
        return bool(self.undecided_in_b or self.only_in_a) or any(
            each.outcome in lost for each in self.differences
        )


def compare_runs(a: Run, b: Run, tolerance: Tolerance) -> Comparison:
    """Hold ``b`` against ``a``: differences gravest first, then in the order of ``a``."""
    tests_a, tests_b = ({test.nodeid: test for test in run.tests} for run in (a, b))
    both = [nodeid for nodeid in tests_a if nodeid in tests_b]
    is_one_class = a.environment.machine_class == b.environment.machine_class
    differences = [
        each if is_one_class else _without_times(each)
        for nodeid in both
        for each in _differences(tests_a[nodeid], tests_b[nodeid], tolerance)
    ]
    order = list(Outcome)
    return Comparison(
        differences=tuple(sorted(differences, key=lambda each: order.index(each.outcome))),
        fail_now=tuple(nodeid for nodeid in both if _fails_now(tests_a[nodeid], tests_b[nodeid])),
        undecided_in_b=tuple(nodeid for nodeid in both if tests_b[nodeid].verdict is Verdict.INCONCLUSIVE),
        only_in_a=tuple(nodeid for nodeid in tests_a if nodeid not in tests_b),
        only_in_b=tuple(nodeid for nodeid in tests_b if nodeid not in tests_a),
    )


def _differences(a: TestResult, b: TestResult, tolerance: Tolerance) -> list[Difference]:
    in_a, in_b = ({(each.probe, each.metric): each for each in test.measurements} for test in (a, b))
    return [
        Difference(
            nodeid=a.nodeid,
            probe=key[0],
            metric=key[1],
            a=in_a.get(key),
            b=in_b.get(key),
            outcome=_outcome(in_a.get(key), in_b.get(key), tolerance),
        )
        for key in {**in_a, **in_b}
    ]


def _without_times(each: Difference) -> Difference:
    """Of two classes of machine: what a time says of one, it does not say of the other."""
    is_judged = each.outcome in (Outcome.WORSE, Outcome.BETTER, Outcome.SAME)
    if is_judged and each.b is not None and each.b.unit == "s":
        return replace(each, outcome=Outcome.NOT_COMPARABLE)
    return each


def _fails_now(a: TestResult | Measurement, b: TestResult | Measurement) -> bool:
    return b.verdict is Verdict.FAIL and a.verdict is not Verdict.FAIL


def _outcome(a: Measurement | None, b: Measurement | None, tolerance: Tolerance) -> Outcome:
    if a is None:
        return Outcome.ONLY_IN_B
    if b is None:
        return Outcome.ONLY_IN_A
    if _fails_now(a, b):
        return Outcome.FAILS_NOW
    if a.value is not None and b.value is not None and a.unit == b.unit:
        return _change(a, a.value, b.value, tolerance)
    return Outcome.SAME if a.value is None and b.value is None else Outcome.NOT_COMPARABLE


def _change(a: Measurement, from_value: float, to_value: float, tolerance: Tolerance) -> Outcome:
    # Of a number below zero (a call that released memory) the share is taken of its size.
    slack = tolerance_of(a.metric, tolerance).highest(abs(from_value), a.unit) - abs(from_value)
    is_more = to_value > from_value + slack
    is_less = to_value < from_value - slack
    if not is_more and not is_less:
        return Outcome.SAME
    known = METRICS.get(a.metric)
    more_is_better = known is not None and known.is_minimum
    return Outcome.BETTER if is_more is more_is_better else Outcome.WORSE
