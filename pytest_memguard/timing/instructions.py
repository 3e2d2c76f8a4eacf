"""Instructions per call by cachegrind: evidence beside the seconds, which no noise of the machine moves.

They are blind to memory: a random walk that took 1.9 times as long had the same count. So nothing is judged by them.
"""

from __future__ import annotations

import math
import shutil
from typing import TYPE_CHECKING

from pytest_memguard.model.timing import SideName
from pytest_memguard.timing.errors import WrongUse
from pytest_memguard.timing.link import Worker, WorkerGone
from pytest_memguard.timing.processes import Entry

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_memguard.timing.record import Record
    from pytest_memguard.timing.stage import Stage, Watch

__all__ = ["InstructionsLost", "count_instructions", "valgrind"]

_SIDES = (SideName.BASE, SideName.HEAD)
_COUNTED_SECONDS = 0.02  # of one benchmark without valgrind: far more than what differs from start to start
_MOST_CALLS = 100_000
_PATIENCE_SECONDS = 1800.0  # valgrind takes 10 to 60 times as long


class InstructionsLost(Exception):  # noqa: N818 - it reads as what happened
    """Why there are no counts."""


def valgrind() -> str:
    """Where it is installed.

    Raises
    ------
    WrongUse
        Where it is not.
    """
    found = shutil.which("valgrind")
    if found is None:
        raise WrongUse("instructions are counted by valgrind, which is not installed here")
    return found


def count_instructions(
    stage: Stage, records: Mapping[str, Record], watch: Watch
) -> dict[str, tuple[float, float]]:
    """Per call on base and on head, of every benchmark that was timed on both.

    A process counts all that it does. So one process of a side calls every benchmark, one more for each benchmark calls
    that one twice as often, and the difference is left.

    Raises
    ------
    InstructionsLost
        When a process ends early.
    """
    calls = {
        nodeid: min(_MOST_CALLS, math.ceil(_COUNTED_SECONDS / max(record.pairs[-1].head_seconds, 1e-9)))
        for nodeid, record in records.items()
        if record.pairs
    }
    counts: dict[SideName, dict[str, float]] = {side: {} for side in _SIDES}
    for side in _SIDES if calls else ():
        watch.step(f"counting instructions on {side.value}")
        files = tuple(dict.fromkeys(records[nodeid].benchmark.file for nodeid in calls))
        once = _total(stage, side, calls, files)
        for nodeid, count in calls.items():
            watch.step(f"counting instructions on {side.value}: {nodeid}")
            twice = _total(stage, side, {**calls, nodeid: 2 * count}, files)
            counts[side][nodeid] = (twice - once) / count
    return {nodeid: (counts[SideName.BASE][nodeid], counts[SideName.HEAD][nodeid]) for nodeid in calls}


def _total(stage: Stage, side: SideName, calls: Mapping[str, int], files: tuple[str, ...]) -> int:
    """Of a whole process that makes these calls by node id."""
    out = stage.trees.folder / "cachegrind.out"
    out.unlink(missing_ok=True)
    entry = Entry(
        log=stage.trees.folder / f"{side.value}.log",
        files=files,
        tool=(valgrind(), "--tool=cachegrind", "--cache-sim=no", f"--cachegrind-out-file={out}"),
    )
    try:
        with Worker(side, stage.launch, stage.trees.of(side), entry) as worker:
            worker.hear(_PATIENCE_SECONDS)
            nodeids = list(calls)
            _ask(worker, "run", "set", packages=stage.packages, nodeids=nodeids, ignores_waits=True)
            for nodeid, count in calls.items():
                _ask(worker, "start", "ready", nodeid=nodeid)
                _ask(worker, "slice", "sliced", batches=1, size=1)
                _ask(worker, "slice", "sliced", batches=1, size=count)
                _ask(worker, "end", "finished")
            _ask(worker, "finish", "done")
    except WorkerGone as gone:
        raise InstructionsLost(f"on {side.value}: {gone.reason}") from gone
    return _read(out, side)


def _ask(worker: Worker, do: str, expected: str, **facts: object) -> None:
    worker.tell(do, **facts)
    event = worker.hear(_PATIENCE_SECONDS)
    if event["event"] != expected:
        raise WorkerGone(
            worker.side, f"{event.get('reason') or event['event']} instead of {expected}", status=None
        )


def _read(out: Path, side: SideName) -> int:
    try:
        lines = out.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError as error:
        raise InstructionsLost(f"on {side.value}: cachegrind wrote nothing: {error.strerror}") from error
    for line in reversed(lines):
        name, _, number = line.partition(":")
        if name == "summary" and number.strip().split(" ")[0].isdigit():
            return int(number.strip().split(" ")[0])
    raise InstructionsLost(f"on {side.value}: cachegrind's file has no summary")
