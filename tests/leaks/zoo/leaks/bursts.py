"""Leaks whose memory grows in steps: most calls add nothing, and now and then one adds for all of them."""

from __future__ import annotations

import itertools

from zoo.case import KIB, State, leak


def _existing_objects(state: State) -> None:
    # They live before the first call, so that only the table that points at them can grow.
    state.objects = iter([object() for _ in range(200_000)])


def _doubling_buffer(state: State) -> None:
    state.buffer, state.length = bytearray(KIB), 0


def _lagging_reader(state: State) -> None:
    state.fast, state.slow = itertools.tee(itertools.count(1000))


@leak("python", bytes_per_call=KIB, bursty=True, prepare=_doubling_buffer)
def buffer_that_doubles(state: State) -> None:
    state.length += KIB
    if state.length > len(state.buffer):
        state.buffer = state.buffer + bytes(len(state.buffer))


@leak("python", bytes_per_call=100 * KIB, bursty=True, prepare=_doubling_buffer)
def large_buffer_that_doubles(state: State) -> None:
    state.length += 100 * KIB
    while state.length > len(state.buffer):
        state.buffer = state.buffer + bytes(len(state.buffer))


@leak("python", bytes_per_call=128, bursty=True, prepare=_existing_objects)
def list_of_existing_objects(state: State) -> None:
    state.kept.extend(itertools.islice(state.objects, 16))


@leak("python", bytes_per_call=300, bursty=True, prepare=_existing_objects)
def set_that_grows_fourfold(state: State) -> None:
    state.seen = getattr(state, "seen", set())
    state.seen.update(itertools.islice(state.objects, 8))


@leak("python", bytes_per_call=350, bursty=True, prepare=_existing_objects)
def dict_that_doubles(state: State) -> None:
    state.seen = getattr(state, "seen", {})
    state.seen.update(dict.fromkeys(itertools.islice(state.objects, 8)))


@leak("python", bytes_per_call=320, bursty=True, prepare=_lagging_reader)
def tee_with_a_lagging_reader(state: State) -> None:
    for _ in range(8):
        next(state.fast)


@leak("python", bytes_per_call=512, bursty=True, prepare=lambda state: setattr(state, "buffer", bytearray()))
def bytearray_that_over_allocates(state: State) -> None:
    state.buffer.extend(bytes(512))


@leak("python", bytes_per_call=2 * KIB, bursty=True)
def flush_that_keeps_every_eighth_batch(state: State) -> None:
    if state.number % 8 == 0:
        state.kept.append(bytes(16 * KIB))
