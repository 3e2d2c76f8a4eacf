"""What the interpreter keeps for itself: free lists, interned strings, weak tables, caches of types."""

from __future__ import annotations

import abc
import functools
import sys
import weakref
from contextvars import ContextVar

from zoo.case import KIB, State, lookalike

_IMMORTAL_STRINGS = "interned strings never die in 3.12" if sys.version_info[:2] == (3, 12) else ""
_LEVEL: ContextVar[object] = ContextVar("level")


class _Shape(abc.ABC):  # noqa: B024 - only its instance check is of interest
    pass


class _Item:
    def __init__(self, size: int = 0) -> None:
        self.payload = bytes(size)


@functools.singledispatch
def _render(value: object) -> str:
    return ""


def _weak(state: State) -> None:
    state.weak_values = weakref.WeakValueDictionary()
    state.weak_keys = weakref.WeakKeyDictionary()
    state.weak_set = weakref.WeakSet()


@lookalike("python")
def tuples_freed(state: State) -> None:
    assert [(number,) * (number % 20) for number in range(5_000)]


@lookalike("python")
def floats_freed(state: State) -> None:
    assert [number * 0.5 for number in range(10_000)]


@lookalike("python")
def dicts_and_lists_freed(state: State) -> None:
    assert [{"a": [number]} for number in range(5000)]


@lookalike("python")
def generators_and_frames_freed(state: State) -> None:
    assert sum(sum(step for step in range(3)) for _ in range(500))


@lookalike("python", "heap", "rss")
def thirty_thousand_small_objects_freed(state: State) -> None:
    assert [object() for _ in range(30_000)]


@lookalike("python", skip=_IMMORTAL_STRINGS)
def strings_interned_and_dropped(state: State) -> None:
    assert [sys.intern(f"interned-{state.number}-{part}") for part in range(50)]


@lookalike("python", skip=_IMMORTAL_STRINGS)
def attributes_with_new_names(state: State) -> None:
    item = _Item()
    for part in range(20):
        setattr(item, f"field_{state.number}_{part}", part)


@lookalike("python", prepare=_weak)
def weak_dictionaries(state: State) -> None:
    item = _Item(10 * KIB)
    state.weak_values[state.number] = item
    state.weak_keys[item] = state.number
    state.weak_set.add(item)


@lookalike("python")
def finalizer_that_ran(state: State) -> None:
    weakref.finalize(_Item(10 * KIB), len, bytes(KIB))


@lookalike("python")
def singledispatch_on_dropped_types(state: State) -> None:
    _render(type("Plot", (), {})())


@lookalike("python")
def abstract_checks_of_dropped_types(state: State) -> None:
    assert not isinstance(type("Circle", (), {})(), _Shape)


@lookalike("python")
def subclasses_dropped(state: State) -> None:
    type("Child", (_Item,), {})(KIB)


@lookalike("python")
def context_variable_reset(state: State) -> None:
    _LEVEL.reset(_LEVEL.set(bytes(10 * KIB)))


@lookalike("python")
def code_compiled_and_dropped(state: State) -> None:
    assert eval(compile(f"{state.number} + 1000", "<made>", "eval"))


@lookalike("python")
def deep_recursion(state: State) -> None:
    def descend(depth: int) -> int:
        return depth and descend(depth - 1)

    descend(300)


@lookalike("python")
def counters_beyond_the_small_integers(state: State) -> None:
    state.total = getattr(state, "total", 10**6) + 1
    state.ratio = state.total / 7
    state.label = f"{state.total}"
