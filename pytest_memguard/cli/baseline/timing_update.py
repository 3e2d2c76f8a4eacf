"""``memguard baseline update --timing``: time the benchmarks in fresh processes and commit the numbers."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pytest_memguard.cli.baseline.pair_spread import pair_spreads
from pytest_memguard.cli.baseline.timing_numbers import Process, best_scores, entries_of, objections
from pytest_memguard.cli.exit_codes import ExitCode, Failure
from pytest_memguard.cli.files import reading, writing
from pytest_memguard.cli.pytest_error import first_error
from pytest_memguard.cli.terminal import print_line, progress
from pytest_memguard.reports.text import plural
from pytest_memguard.store import timing_baselines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_memguard.model.timing_baseline import Reference

__all__ = ["update_times"]

_RECORDER = "pytest_memguard.cli.baseline.timing_recorder"
_ENDED_IN_ORDER = (0, 1)  # of pytest: 1 is a failing test, which is told and left out


def update_times(
    arguments: Sequence[str], directory: Path, *, processes: int, dry_run: bool, widest_band: float
) -> int:
    """Refuses what would be a bad thing to hold later times against, and then changes nothing."""
    from pytest_memguard.session.timing_reference import describe_class, describe_reference  # noqa: PLC0415

    with reading():
        timing_baselines.load(directory)
    reference = describe_reference(Path.cwd(), directory)
    _check_tree(reference, directory)
    found, troubles = [], {}
    for number in range(1, processes + 1):
        with progress(f"process {number} of {processes}"):
            answer = _time_once(arguments)
        found.append(Process(benchmarks=answer["benchmarks"], scores=answer["scores"]))
        troubles.update(answer["troubles"])
    entries = entries_of(found, reference)
    for nodeid, trouble in troubles.items():
        print_line(f"left out: {nodeid}: {trouble}", {"yellow": True})
    if not entries:
        raise Failure("pytest timed no benchmark with these arguments", ExitCode.COULD_NOT_RUN)
    if refused := list(objections(found, entries, widest_band=widest_band)):
        raise Failure(f"refused, nothing is written: {'; '.join(refused)}", ExitCode.COULD_NOT_RUN)
    with progress("pairs of processes"):
        spreads, reason = pair_spreads(arguments)
    if reason:
        print_line(f"without the spread of pairs: {reason}", {"yellow": True})
    entries = {nodeid: replace(entry, pair_sd=spreads.get(nodeid)) for nodeid, entry in entries.items()}
    measured = timing_baselines.Measured(
        machine=describe_class(best_scores(found)),
        reference=reference,
        entries=entries,
        settings={"processes": processes},
    )
    with writing():
        old = timing_baselines.load(directory)
        new = timing_baselines.merged(old, measured)
        if not dry_run:
            old, new = timing_baselines.update(directory, measured)
    for line in timing_baselines.changed_lines(old, new):
        print_line(line)
    click.echo(
        f"{directory / timing_baselines.FILE_NAME}: {plural(len(entries), 'benchmark')} from "
        f"{processes} processes{' (dry run)' if dry_run else ''}"
    )
    return ExitCode.IN_ORDER


def _check_tree(reference: Reference, directory: Path) -> None:
    if reference.commit is None:
        raise Failure(
            "times are of a commit, and there is none here: git knows no HEAD", ExitCode.COULD_NOT_RUN
        )
    if not reference.clean:
        from pytest_memguard.session.timing_reference import uncommitted  # noqa: PLC0415
        from pytest_memguard.timing.git import Repository  # noqa: PLC0415

        names = uncommitted(Repository.around(Path.cwd()), directory)
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        raise Failure(
            f"times are of a commit, and the tree is not as committed: {', '.join(names[:3])}{more}; "
            "commit or stash first",
            ExitCode.COULD_NOT_RUN,
        )


def _time_once(arguments: Sequence[str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "times.json"
        done = subprocess.run(
            [sys.executable, "-m", _RECORDER, str(answer), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode not in _ENDED_IN_ORDER or not answer.exists():
            said = first_error(done.stdout, done.stderr)
            raise Failure(
                f"pytest could not run the benchmarks (exit status {done.returncode}: {said})",
                ExitCode.COULD_NOT_RUN,
            )
        content: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
        return content
