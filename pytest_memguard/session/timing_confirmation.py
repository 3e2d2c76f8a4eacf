"""A second opinion on a time that looks too slow: both commits in turns, on this machine, now."""

from __future__ import annotations

import math
import signal
import time
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pytest_memguard.model import Verdict
from pytest_memguard.model.timing import TimingVerdict
from pytest_memguard.reports.text import plural
from pytest_memguard.session.timing_processes import opinion_of_processes
from pytest_memguard.timing.errors import CouldNotRun, Terminated, WrongUse
from pytest_memguard.timing.git import Repository
from pytest_memguard.timing.settings import DuetSettings
from pytest_memguard.timing.stage import Nobody

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_memguard.model.timing import BenchmarkTiming

__all__ = ["SecondOpinions", "Suspicion"]

_MOST_SECONDS = 180.0
# On a slow machine everything looks too slow, and nobody waits hours to be told that.
_MOST_SECONDS_IN_ALL = 600.0
# Unchanged code has pairs within some percent of each other. Its time was found to be too long before, so that these
# need not carry the verdict alone, and nobody waits for the eight and more that a test of them takes.
_FEWEST_PAIRS = 5
_PLAINLY_SLOWER = 1.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """A benchmark that is slower than what was committed of ``commit``."""

    nodeid: str
    commit: str | None
    threshold: float  # the slow-down that a duet has to find
    bound_seconds: float  # beyond which a time is too far from the committed one to be chance
    reason: str  # what was measured and what is allowed


class SecondOpinions:
    """Those of one run; what they have no time for is left open, and said."""

    def __init__(self, rootdir: Path, *, seconds: float = _MOST_SECONDS_IN_ALL) -> None:
        self._rootdir, self._seconds = rootdir, seconds
        self._spent_seconds, self._given = 0.0, 0

    def of(self, suspicion: Suspicion) -> tuple[Verdict, str]:
        """A verdict with its reason: of a duet of the working tree against the commit, without it of more processes."""
        left_seconds = self._seconds - self._spent_seconds
        if left_seconds <= 0:
            return self._without_time(suspicion)
        started = time.monotonic()
        try:
            if (found := self._base(suspicion)) is None:
                verdict, reason = opinion_of_processes(
                    suspicion.nodeid,
                    self._rootdir,
                    bound_seconds=suspicion.bound_seconds,
                    left_seconds=left_seconds,
                )
            else:
                seconds = min(_MOST_SECONDS, left_seconds)
                verdict, reason = _confirmed(suspicion, *found, self._rootdir, seconds=seconds)
        except Terminated as ending:
            # pytest would take it for the test's own and go on. All is tidied up: now it may do what it was sent for.
            signal.raise_signal(signal.Signals[str(ending)])
            verdict, reason = Verdict.INCONCLUSIVE, f"not confirmed, for {ending} came"
        finally:
            self._given += 1
            self._spent_seconds += time.monotonic() - started
        return verdict, f"{suspicion.reason}; {reason}"

    def _base(self, suspicion: Suspicion) -> tuple[Repository, str] | None:
        if suspicion.commit is None:
            return None
        try:
            repository = Repository.around(self._rootdir)
            return repository, repository.commit(suspicion.commit)
        except (CouldNotRun, WrongUse):
            return None

    def _without_time(self, suspicion: Suspicion) -> tuple[Verdict, str]:
        """In words that all of them have in common, for there may be hundreds."""
        reason = (
            f"slower than what is committed and not confirmed: the {self._seconds / 60:.3g} min that second opinions "
            f"may take in a run went to {plural(self._given, 'benchmark')}"
        )
        if suspicion.commit is not None:
            reason += f"; confirm all at once with: memguard ab --base {suspicion.commit[:12]}"
        return Verdict.INCONCLUSIVE, reason


def _confirmed(
    suspicion: Suspicion, repository: Repository, base: str, rootdir: Path, *, seconds: float
) -> tuple[Verdict, str]:
    from pytest_memguard.timing.compare import compare  # noqa: PLC0415 - of use to suspects alone

    nodeid, commit = suspicion.nodeid, base[:12]
    hint = f"confirm with: memguard ab --base {commit} -- {nodeid}"
    try:
        found = compare(
            repository,
            base=base,
            arguments=[nodeid],
            below=rootdir.resolve().relative_to(repository.top),
            settings=DuetSettings(threshold=suspicion.threshold, budget_seconds=seconds, is_enough=_is_plain),
            watch=Nobody(),
        )
    except (CouldNotRun, WrongUse) as error:
        return Verdict.INCONCLUSIVE, f"not confirmed, for a duet could not run ({error}); {hint}"
    timing = next((each for each in found.benchmarks if each.nodeid == nodeid), None)
    if timing is None:
        return Verdict.INCONCLUSIVE, f"not confirmed, for a duet did not come to it; {hint}"
    verdict, reason = _in_words(timing, commit, hint, is_advisory=bool(found.advisory))
    is_still_slow = timing.head_seconds is not None and timing.head_seconds > suspicion.bound_seconds
    if verdict is Verdict.PASS and is_still_slow and _has_changed(repository, base, rootdir, nodeid):
        # Both sides of a duet have the benchmark files of today: it is blind to what these files do themselves.
        file = nodeid.partition("::")[0]
        return (
            Verdict.FAIL,
            f"a duet against {commit} finds it no slower outside of {file}, which has changed",
        )
    return verdict, reason


def _has_changed(repository: Repository, commit: str, rootdir: Path, nodeid: str) -> bool:
    """Whether the benchmark's file, or what lies beside it, is not that of the commit."""
    place = rootdir.resolve().relative_to(repository.top) / PurePosixPath(nodeid.partition("::")[0])
    beside = [place.parent] if place.parent.parts else [place, place.with_name("conftest.py")]
    names = [each.as_posix() for each in beside]
    return bool(repository.ask("diff", "--name-only", commit, "--", *names))


def _in_words(timing: BenchmarkTiming, commit: str, hint: str, *, is_advisory: bool) -> tuple[Verdict, str]:
    ratio = f" ({(timing.ratio - 1) * 100:+.1f} %)" if timing.ratio is not None else ""
    if timing.verdict is TimingVerdict.REGRESSED:
        return Verdict.FAIL, f"confirmed by a duet against {commit}: {timing.reason}"
    if timing.verdict.verdict is Verdict.PASS and timing.verdict is not TimingVerdict.NEW:
        return Verdict.PASS, f"a duet against {commit} finds it no slower{ratio}: the machine is"
    if timing.verdict is TimingVerdict.INCONCLUSIVE and not is_advisory and _is_plain(timing.pair_ratios):
        least = math.exp(min(timing.pair_ratios)) - 1
        return Verdict.FAIL, f"every pair of a duet against {commit} is slower, by {least:.0%} and more"
    return Verdict.INCONCLUSIVE, f"a duet against {commit} is {timing.verdict.value}: {timing.reason}; {hint}"


def _is_plain(pairs: Sequence[float]) -> bool:
    return len(pairs) >= _FEWEST_PAIRS and min(pairs) > math.log(_PLAINLY_SLOWER)
