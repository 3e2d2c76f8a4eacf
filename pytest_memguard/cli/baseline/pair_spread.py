"""How far apart two interleaved processes of one commit are: what a comparison can resolve on this machine."""

from __future__ import annotations

from pathlib import Path
from statistics import stdev
from typing import TYPE_CHECKING

from pytest_memguard.timing.compare import compare
from pytest_memguard.timing.errors import CouldNotRun, WrongUse
from pytest_memguard.timing.git import Repository
from pytest_memguard.timing.settings import DuetSettings
from pytest_memguard.timing.stage import Nobody

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["pair_spreads"]

_PAIRS = 5


def pair_spreads(arguments: Sequence[str]) -> tuple[dict[str, float], str]:
    """Standard deviation of ln(second / first) by node id, and why there are none."""
    try:
        repository = Repository.around(Path.cwd())
        found = compare(
            repository,
            base=repository.commit("HEAD"),
            arguments=arguments,
            below=Path.cwd().resolve().relative_to(repository.top),
            settings=DuetSettings(looks=(_PAIRS,)),
            watch=Nobody(),
        )
    except (CouldNotRun, WrongUse) as error:
        return {}, str(error)
    return {
        each.nodeid: stdev(each.pair_ratios) for each in found.benchmarks if len(each.pair_ratios) > 1
    }, ""
