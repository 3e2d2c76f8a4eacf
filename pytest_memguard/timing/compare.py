"""A whole comparison: trees, benchmark files, pairs, verdicts."""

from __future__ import annotations

import dataclasses
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_memguard.model.timing import BenchmarkTiming, DuetRun, SideName, TimingVerdict
from pytest_memguard.timing.benchmark_files import bring_over, places_of, unseen_changes
from pytest_memguard.timing.building import build, compiled_apart
from pytest_memguard.timing.census import broken, take_census
from pytest_memguard.timing.controls import judge_controls, off_sentence
from pytest_memguard.timing.dependencies import differing_dependencies
from pytest_memguard.timing.duet import Duet
from pytest_memguard.timing.errors import CouldNotRun
from pytest_memguard.timing.instructions import InstructionsLost, count_instructions, valgrind
from pytest_memguard.timing.layout import can_fix_addresses
from pytest_memguard.timing.packages import one_code, packages, shadowed
from pytest_memguard.timing.processes import Launch, available_cpus, unsupported
from pytest_memguard.timing.signals import ending_raises
from pytest_memguard.timing.stage import Stage
from pytest_memguard.timing.worktrees import two_trees

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_memguard.timing.census import Census
    from pytest_memguard.timing.git import Repository
    from pytest_memguard.timing.settings import DuetSettings
    from pytest_memguard.timing.stage import Watch
    from pytest_memguard.timing.worktrees import Trees

__all__ = ["compare"]

_SIDES = (SideName.BASE, SideName.HEAD)
_MOST_NAMED = 3  # of files that are not compared
_PLACEMENT = 0.10  # the least threshold between two builds of compiled code
_JUDGED = frozenset(
    {TimingVerdict.PASS, TimingVerdict.IMPROVED, TimingVerdict.REGRESSED, TimingVerdict.ACCEPTED}
)


def compare(
    repository: Repository,
    *,
    base: str,
    arguments: Sequence[str],
    below: Path,
    settings: DuetSettings,
    watch: Watch,
) -> DuetRun:
    """Time the benchmarks that pytest finds with ``arguments`` in the folder ``below``, on ``base`` and as they are.

    Raises
    ------
    CouldNotRun
        When nothing can be said about time.
    WrongUse
        When pytest or git do not understand what is asked for.
    """
    started = time.monotonic()
    if reason := unsupported():
        raise CouldNotRun(reason)
    if settings.counts_instructions:
        valgrind()
    head, changed, checkouts = repository.commit("HEAD"), repository.changed(), repository.checkouts()
    watch.step("making two trees")
    with ending_raises(), two_trees(repository, base, head=head, changed=changed) as trees:
        differing = [
            (project / name).as_posix()
            for project in dict.fromkeys((Path(), below))
            for name in differing_dependencies(trees.base / project, trees.head / project)
        ]
        if settings.build is not None:
            for side in _SIDES:
                watch.step(f"building {side.value}")
                build(settings.build, trees.of(side), side)
        compiled = compiled_apart(trees.base, trees.head)
        launch = Launch(
            checkouts=checkouts,
            below=below,
            plugin=trees.folder / "plugin",
            scratch=trees.folder / "tmp",
            arguments=tuple(arguments),
            threads=settings.threads,
        )
        launch.prepare()
        launch, on_head, on_base, unseen = _both(launch, trees, repository.files(), watch)
        names = tuple(packages(repository.files(), launch.projects))
        stage = Stage(launch=launch, trees=trees, packages=names, cpus=tuple(available_cpus()))
        nodeids = {each.nodeid for each in on_base.benchmarks}
        duet = Duet(
            stage,
            on_head.benchmarks,
            on_base=nodeids & {each.nodeid for each in on_head.benchmarks},
            settings=settings,
        )
        duet.origins[SideName.BASE] |= on_base.origins
        duet.origins[SideName.HEAD] |= on_head.origins
        is_one = base == head and not changed
        _check_codes(duet, trees, is_one=is_one)
        duet.run(watch)
        _check_codes(duet, trees, is_one=is_one)  # a benchmark may import what nothing had before
        advisory = tuple(_advisory(duet, trees, differing, settings))
        instructions, notes = _instructions(stage, duet, settings, watch)
    results = [
        record.result(settings=settings, alpha=duet.alpha, stopped=duet.stopped)
        for record in duet.records.values()
    ]
    found = [_counted(_explained(each, on_base), instructions) for each in results]
    return DuetRun(
        base=base,
        head=head + ("+" if changed else ""),
        threshold=settings.threshold,
        alpha=duet.alpha,
        pairs=len(duet.hash_seeds),
        seconds=time.monotonic() - started,
        benchmarks=(*(_advised(each, advisory) for each in found), *_not_collected(on_head, trees.head)),
        controls=tuple(judge_controls(duet.controls, settings.threshold)),
        advisory=advisory,
        notes=(
            *_notes(duet, stage),
            *_left_out(unseen, repository.submodules(), settings),
            *_advice(compiled, settings),
            *notes,
        ),
        hash_seeds=tuple(duet.hash_seeds),
    )


def _both(
    launch: Launch, trees: Trees, files: Sequence[str], watch: Watch
) -> tuple[Launch, Census, Census, list[str]]:
    """What there is to time on head, and with head's benchmark files on base; both under head's rootdir.

    Also the names of changed files that are head's on both sides.
    """
    watch.step("collecting benchmarks")
    log = trees.folder / "census.log"

    def census(side: SideName) -> Census:
        names = tuple(packages(files, launch.projects))
        return take_census(side, launch, trees.of(side), log=log, packages=names)

    on_head = census(SideName.HEAD)
    projects = launch.projects
    rootdir = _rootdir(on_head.rootdir, trees.head)
    launch = dataclasses.replace(launch, rootdir=rootdir)
    if launch.projects != projects or trees.head / rootdir != on_head.rootdir:
        on_head = census(SideName.HEAD)
    if not on_head.benchmarks and not on_head.errors:
        raise CouldNotRun("pytest found no test that uses pytest-benchmark's `benchmark` fixture")
    if not on_head.benchmarks:
        return launch, on_head, on_head, []
    names = {each.file for each in on_head.benchmarks}
    places = places_of(names, head=trees.head, ini=on_head.ini)
    unseen = unseen_changes(places, head=trees.head, base=trees.base)
    bring_over(places, head=trees.head, base=trees.base)
    on_base = census(SideName.BASE)
    if error := broken(on_base, trees.base, places):
        raise CouldNotRun(f"base does not import: {error.text}")
    return launch, on_head, on_base, unseen


def _rootdir(found: Path, tree: Path) -> Path:
    """The rootdir of pytest within the tree; its top, where it found one above it: that of another project."""
    if found.is_relative_to(tree):
        return found.relative_to(tree)
    return Path() if tree.is_relative_to(found) else found


def _check_codes(duet: Duet, trees: Trees, *, is_one: bool) -> None:
    """That there are two; ``is_one`` says that one commit is compared with itself on purpose."""
    sentence = one_code(duet.origins[SideName.BASE], duet.origins[SideName.HEAD], trees.folder)
    if sentence is not None and not is_one:
        raise CouldNotRun(sentence)


def _advisory(duet: Duet, trees: Trees, differing: Sequence[str], settings: DuetSettings) -> list[str]:
    """Why no verdict can be relied on, gravest first."""
    sentences = [
        f"on {side.value}, {sentence}"
        for side in _SIDES
        for sentence in shadowed(duet.origins[side], trees.of(side))
    ]
    if differing:
        sentences.append(
            f"the two commits ask for different packages, and got the same: {', '.join(differing)}"
        )
    controls = judge_controls(duet.controls, settings.threshold)
    return sentences + [off_sentence(control) for control in controls if control.is_off]


def _advised(timing: BenchmarkTiming, advisory: Sequence[str]) -> BenchmarkTiming:
    if not advisory or timing.verdict not in _JUDGED:
        return timing
    reason = f"advisory only ({'; '.join(advisory)}), otherwise {timing.verdict.value}"
    return dataclasses.replace(timing, verdict=TimingVerdict.INCONCLUSIVE, reason=reason)


def _instructions(
    stage: Stage, duet: Duet, settings: DuetSettings, watch: Watch
) -> tuple[dict[str, tuple[float, float]], list[str]]:
    """Per call on both sides by node id, where they are asked for, and why there are none."""
    if not settings.counts_instructions:
        return {}, []
    try:
        return count_instructions(stage, duet.records, watch), []
    except InstructionsLost as lost:
        return {}, [f"instructions could not be counted {lost}"]


def _explained(timing: BenchmarkTiming, on_base: Census) -> BenchmarkTiming:
    """Why what is new may only look so: head's file, or a conftest.py above it, does not work on base."""
    if timing.verdict is TimingVerdict.NEW and timing.nodeid not in {b.nodeid for b in on_base.benchmarks}:
        for error in on_base.errors:
            if timing.nodeid.startswith((f"{error.nodeid}::", f"{error.nodeid}/")):
                reason = f"head's files cannot be collected on base: {error.text}"
                return dataclasses.replace(timing, reason=reason)
    return timing


def _counted(timing: BenchmarkTiming, counts: Mapping[str, tuple[float, float]]) -> BenchmarkTiming:
    base, head = counts.get(timing.nodeid, (None, None))
    return dataclasses.replace(timing, base_instructions=base, head_instructions=head)


def _not_collected(on_head: Census, tree: Path) -> list[BenchmarkTiming]:
    return [
        BenchmarkTiming(
            nodeid=error.nodeid,
            file=os.path.relpath(on_head.rootdir / error.nodeid.partition("::")[0], tree),
            line=1,
            verdict=TimingVerdict.COULD_NOT_RUN,
            reason=f"cannot be collected on head: {error.text}",
        )
        for error in on_head.errors
    ]


def _notes(duet: Duet, stage: Stage) -> Iterator[str]:
    if not stage.cpus:
        yield "processes cannot be pinned to a core on this system: expect more noise"
    elif not duet.was_pinned:
        yield "the processes could not be pinned to one core: expect more noise"
    if not can_fix_addresses():
        yield "addresses are random on this system, in each process of a pair others: expect more noise"


def _left_out(unseen: Sequence[str], submodules: Sequence[str], settings: DuetSettings) -> Iterator[str]:
    """What a comparison says nothing about."""
    if unseen:
        yield f"changed, and head's on both sides for it lies beside benchmarks, so not compared: {_few(unseen)}"
    if submodules and settings.build is None:
        yield f"submodules are empty on both sides unless --build fills them: {_few(submodules)}"


def _advice(compiled: Sequence[str], settings: DuetSettings) -> Iterator[str]:
    """Where a compiler happens to put a loop in memory moves its time by up to 15 %, either way."""
    if compiled and settings.threshold < _PLACEMENT:
        yield f"compiled anew, which alone can move a time: rather --threshold {_PLACEMENT:.0%}: {_few(compiled)}"


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
