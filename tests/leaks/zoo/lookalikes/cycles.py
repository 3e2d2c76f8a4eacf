"""Garbage that only a collection frees."""

from __future__ import annotations

import dataclasses
import enum
import gc
import sys
from collections import namedtuple

from zoo.case import KIB, MIB, State, lookalike


class _Node:
    def __init__(self, size: int) -> None:
        self.payload = bytes(size)
        self.me = self


class _Closing(_Node):
    def __del__(self) -> None:
        self.payload = b""


def _enable(state: State) -> None:
    gc.enable()


@lookalike("python")
def small_cycles(state: State) -> None:
    for _ in range(100):
        _Node(16)


@lookalike("python", "heap")
def cycle_of_a_mebibyte(state: State) -> None:
    _Node(MIB)


@lookalike("python")
def cycle_with_del(state: State) -> None:
    _Closing(10 * KIB)


@lookalike("python", prepare=lambda state: gc.disable(), undo=_enable)
def cycles_while_the_collector_is_off(state: State) -> None:
    _Node(100 * KIB)


@lookalike("python")
def error_that_refers_to_its_own_frame(state: State) -> None:
    table = bytes(100 * KIB)
    try:
        raise ValueError(len(table))  # noqa: TRY301 - the frame that it names is the point
    except ValueError as error:
        me = error
        assert me.__traceback__ is not None


@lookalike("python")
def old_garbage(state: State) -> None:
    # Two collections by hand lift it into the oldest generation, where a young collection does not look.
    node = _Node(100 * KIB)
    gc.collect(0)
    gc.collect(1)
    del node


@lookalike("python")
def dataclass_made_and_dropped(state: State) -> None:
    dataclasses.make_dataclass("Point", ["x", "y"])(1, 2)


@lookalike("python")
def enum_made_and_dropped(state: State) -> None:
    enum.Enum("Color", "RED GREEN BLUE")


@lookalike("python")
def namedtuple_made_and_dropped(state: State) -> None:
    # The function and not the class statement: it is what runs code at every call.
    namedtuple("Pair", "left right")(1, 2)  # noqa: PYI024


@lookalike("python")
def class_with_methods_made_and_dropped(state: State) -> None:
    namespace: dict[str, object] = {}
    exec("class Local:\n    def method(self):\n        return super().__repr__()", namespace)
    namespace["Local"]().method()


@lookalike("python")
def frame_looked_at(state: State) -> None:
    frame = sys._getframe()
    assert frame.f_locals["state"] is state
