"""Runs of shards into the run of the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_memguard.cli.environments import joined
from pytest_memguard.model import Run, TestResult, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ShardsDisagree", "merge_runs"]


class ShardsDisagree(Exception):  # noqa: N818 - it reads as what happened
    """Tests whose results differ, each with the positions of its shards."""

    def __init__(self, shards_of: dict[str, list[int]]) -> None:
        super().__init__(", ".join(shards_of))
        self.shards_of = shards_of


def merge_runs(runs: Sequence[Run], *, prefer: str | None = None) -> Run:
    """The run of all shards, tests in the order of the shards.

    ``prefer`` settles what to keep of a test with different results: ``"last"`` or ``"gravest"``.

    Raises
    ------
    ShardsDisagree
        When there is such a test and no preference.
    """
    results: dict[str, list[tuple[int, TestResult]]] = {}
    for position, run in enumerate(runs):
        for test in run.tests:
            results.setdefault(test.nodeid, []).append((position, test))
    differing = {
        nodeid: [position for position, _ in found]
        for nodeid, found in results.items()
        if any(test != found[0][1] for _, test in found)
    }
    if differing and prefer is None:
        raise ShardsDisagree(differing)
    return Run(
        environment=joined([run.environment for run in runs]),
        tests=tuple(_kept([test for _, test in found], prefer) for found in results.values()),
        unguarded=sum(run.unguarded for run in runs),
        missing_baselines=tuple(dict.fromkeys(name for run in runs for name in run.missing_baselines)),
        orphaned_baselines=tuple(dict.fromkeys(name for run in runs for name in run.orphaned_baselines)),
        timelines=tuple({(t.nodeid, t.label): t for run in runs for t in run.timelines}.values()),
    )


def _kept(results: list[TestResult], prefer: str | None) -> TestResult:
    if prefer == "gravest":
        gravest = Verdict.gravest([test.verdict for test in results])
        results = [test for test in results if test.verdict is gravest]
    return results[-1]
