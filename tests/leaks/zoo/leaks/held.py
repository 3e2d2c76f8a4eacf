"""Objects that something unexpected still refers to."""

from __future__ import annotations

import contextlib
import sys
import weakref
from typing import TYPE_CHECKING

from zoo.case import KIB, MIB, State, leak

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def _collect_into(item: bytes, into: list[bytes] = []) -> list[bytes]:  # noqa: B006 - that is the leak
    into.append(item)
    return into


class _Account:
    history: list[bytes] = []  # noqa: RUF012 - meant for the instance, shared by all


class _Phoenix:
    graveyard: list[_Phoenix] = []  # noqa: RUF012 - shared by all on purpose

    def __init__(self) -> None:
        self.payload = bytes(KIB)

    def __del__(self) -> None:
        self.graveyard.append(self)


class _Resource:
    def __init__(self, size: int) -> None:
        self.payload = bytes(size)

    def refresh(self) -> None: ...


class _Signal:
    def __init__(self) -> None:
        self.receivers: list[Callable[[], None]] = []

    def connect(self, receiver: Callable[[], None]) -> None:
        self.receivers.append(receiver)


_CHANGED = _Signal()


def _count_from(payload: bytes) -> Iterator[int]:
    yield len(payload)
    yield 0


def _detach(state: State) -> None:
    for finalizer in state.kept:
        finalizer.detach()


@leak("python", bytes_per_call=KIB)
def default_argument(state: State) -> None:
    _collect_into(bytes(KIB))


@leak("python", bytes_per_call=100 * KIB)
def class_attribute(state: State) -> None:
    _Account().history.append(bytes(100 * KIB))


@leak("python", bytes_per_call=1200)
def closure_in_a_list(state: State) -> None:
    payload = bytes(KIB)
    state.kept.append(lambda: payload)


@leak("python", bytes_per_call=1200)
def resurrected_by_del(state: State) -> None:
    _Phoenix()


@leak("python", bytes_per_call=100 * KIB)
def traceback_of_a_caught_error(state: State) -> None:
    table = bytes(100 * KIB)
    try:
        raise ValueError(len(table))  # noqa: TRY301 - the frame that it names is the point
    except ValueError as error:
        state.kept.append(error)


@leak("python", bytes_per_call=10 * KIB)
def frame_kept(state: State) -> None:
    work = bytes(10 * KIB)
    state.kept.append((sys._getframe(), len(work)))


@leak("python", bytes_per_call=1300)
def generator_left_suspended(state: State) -> None:
    reader = _count_from(bytes(KIB))
    next(reader)
    state.kept.append(reader)


@leak("python", bytes_per_call=4 * KIB, prepare=lambda state: setattr(state, "stack", contextlib.ExitStack()))
def exit_stack_never_closed(state: State) -> None:
    state.stack.callback(len, bytes(4 * KIB))


@leak(
    "python", bytes_per_call=1200, prepare=lambda state: setattr(state, "live", weakref.WeakValueDictionary())
)
def weak_values_held_elsewhere(state: State) -> None:
    resource = _Resource(KIB)
    state.live[state.number] = resource
    state.kept.append(resource)


@leak("python", bytes_per_call=MIB, undo=_detach)
def finalizer_that_holds_its_object(state: State) -> None:
    resource = _Resource(MIB)
    state.kept.append(weakref.finalize(resource, resource.refresh))


@leak("python", bytes_per_call=1200)
def signal_receivers(state: State) -> None:
    _CHANGED.connect(_Resource(KIB).refresh)


@leak("python", bytes_per_call=1200, prepare=lambda state: setattr(state, "owner", _Resource(1)))
def weak_references_with_callbacks(state: State) -> None:
    payload = bytes(KIB)
    state.kept.append(weakref.ref(state.owner, lambda _: payload))


@leak("python", bytes_per_call=100 * KIB)
def memoryview_exported(state: State) -> None:
    state.kept.append(memoryview(bytearray(100 * KIB))[:4])


@leak("python", bytes_per_call=10 * KIB, undo=lambda state: state.kept.clear())
def cycle_held_from_outside(state: State) -> None:
    parent = _Resource(10 * KIB)
    parent.child = child = _Resource(1)
    child.parent = parent
    state.kept.append(child)
