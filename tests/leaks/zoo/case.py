"""What a case of the zoo is: a body that is called once per round, and what a guard must say about it."""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass
from enum import Enum
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["KIB", "MIB", "Case", "Kind", "Mode", "State", "leak", "lookalike"]

KIB = 2**10
MIB = 2**20

# A smaller leak is lost in what one call of an interpreter moves anyway: one round cannot be asked about it.
_SINGLE_ROUND_LEAK_BYTES = 10_000
# Of ten rounds, those in which growth may fade and still leave enough of them to see that it did.
_TEN_ROUNDS_SETTLE = 3
# Below it a leak drowns, over ten rounds, in the free chunks and pages that an allocator takes from stock first.
_TEN_ROUNDS_LEAK_BYTES = {"python": 64, "heap": KIB, "rss": 64 * KIB}


class Kind(str, Enum):
    """What the truth about a case is."""

    LEAK = "leak"
    LOOKALIKE = "lookalike"


class Mode(str, Enum):
    """How often a guard calls the body."""

    AUTO = "auto"
    TEN = "ten"
    SINGLE = "single"

    @property
    def marker(self) -> dict[str, Any]:
        """Keywords of ``memory_budget`` that ask for this mode."""
        return {
            Mode.AUTO: {"rounds": "auto"},
            Mode.TEN: {"rounds": 10, "warmup": 1},
            Mode.SINGLE: {},
        }[self]


class State(SimpleNamespace):
    """What one case carries from call to call: its own attributes, and the pytest fixtures that it needs."""

    def __init__(self, seed: int = 0, **fixtures: object) -> None:
        super().__init__(number=0, kept=[], random=random.Random(seed), **fixtures)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One way to leak, or to look like it.

    ``probes`` must catch a leak and must stay quiet about a lookalike. ``bytes_per_call`` is what a leak adds
    on average. ``settles_after`` is the number of calls after which a lookalike holds no more than before.
    """

    name: str
    kind: Kind
    body: Callable[[State], object]
    probes: tuple[str, ...]
    single_round: bool
    bytes_per_call: int = 0
    bursty: bool = False  # a leak that grows in steps with many calls between them
    settles_after: int = 0
    held_by_pytest: bool = False  # it grows as long as the test runs, and the test can do nothing about it
    prepare: Callable[[State], object] | None = None
    undo: Callable[[State], object] | None = None
    fixtures: tuple[str, ...] = ()
    skip: str = ""

    def __call__(self, state: State) -> None:
        state.number += 1
        self.body(state)

    def can_be_told_in(self, mode: Mode) -> bool:
        """Whether so many calls hold enough evidence for anybody to know the truth."""
        if mode is Mode.SINGLE:
            return self.single_round
        if mode is Mode.TEN and self.kind is Kind.LEAK:
            return not self.bursty and self.bytes_per_call >= max(
                _TEN_ROUNDS_LEAK_BYTES[p] for p in self.probes
            )
        if mode is Mode.TEN:
            return self.settles_after <= _TEN_ROUNDS_SETTLE
        return True

    def skip_reason(self, probe: str) -> str:
        """Why this platform cannot show the case to the probe; empty where it can."""
        if not self.skip and probe != "python" and sys.platform != "linux":
            return f"the sizes that {probe!r} sees were chosen for Linux and glibc"
        return self.skip


def leak(probe: str, *, bytes_per_call: int, **details: Any) -> Callable[[Callable[[State], object]], Case]:
    """Make a case of a body that leaks at every call; ``probe`` must catch it."""

    def decorate(body: Callable[[State], object]) -> Case:
        details.setdefault(
            "single_round", bytes_per_call >= _SINGLE_ROUND_LEAK_BYTES and not details.get("bursty", False)
        )
        return Case(
            name=body.__name__.strip("_"),
            kind=Kind.LEAK,
            body=body,
            probes=(probe,),
            bytes_per_call=bytes_per_call,
            **details,
        )

    return decorate


def lookalike(
    *probes: str, settles_after: int = 0, **details: Any
) -> Callable[[Callable[[State], object]], Case]:
    """Make a case of a body that only looks like a leak to the probes."""

    def decorate(body: Callable[[State], object]) -> Case:
        # What only a second call can tell from a leak is not asked of a single one.
        details.setdefault("single_round", settles_after == 0)
        return Case(
            name=body.__name__.strip("_"),
            kind=Kind.LOOKALIKE,
            body=body,
            probes=probes,
            settles_after=settles_after,
            **details,
        )

    return decorate
