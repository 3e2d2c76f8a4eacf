"""Where the two sides stand, and who looks on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_memguard.timing.processes import Launch
    from pytest_memguard.timing.record import Record
    from pytest_memguard.timing.worktrees import Trees

__all__ = ["Nobody", "Stage", "Watch"]


class Watch(Protocol):
    """Somebody who wants to see how it goes."""

    def step(self, what: str) -> None:
        """A sentence about what is done now."""

    def pair(self, number: int, records: Sequence[Record]) -> None:
        """A pair begins; these benchmarks are still open."""

    def timed(self, record: Record) -> None:
        """A benchmark has one more pair."""


class Nobody:
    """Nobody watches."""

    def step(self, what: str) -> None: ...

    def pair(self, number: int, records: Sequence[Record]) -> None: ...

    def timed(self, record: Record) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where the two sides stand: the same for all pairs."""

    launch: Launch
    trees: Trees
    packages: tuple[str, ...]
    cpus: tuple[int, ...]
