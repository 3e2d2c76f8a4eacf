"""Containers that are only ever added to, from 64 bytes to a mebibyte a call."""

from __future__ import annotations

import heapq
import io
from array import array
from collections import Counter, OrderedDict, defaultdict, deque
from queue import Queue

from zoo.case import KIB, MIB, State, leak

_OBJECTS: list[bytes] = []
_REQUESTS: dict[str, bytes] = {}
_INDEX: defaultdict[int, list[bytes]] = defaultdict(list)


class _Node:
    __slots__ = ("next",)

    def __init__(self, following: _Node | None) -> None:
        self.next = following


@leak("python", bytes_per_call=72)
def list_of_small_objects(state: State) -> None:
    _OBJECTS.append(bytes(31))


@leak("python", bytes_per_call=KIB)
def dict_with_a_new_key(state: State) -> None:
    _REQUESTS[f"request-{state.number}"] = bytes(850)


@leak("python", bytes_per_call=100 * KIB)
def dict_of_lists(state: State) -> None:
    _INDEX[state.number % 7].append(bytes(100 * KIB))


@leak("python", bytes_per_call=MIB)
def list_of_mebibytes(state: State) -> None:
    state.kept.append(bytearray(MIB))


@leak("python", bytes_per_call=100 * KIB)
def list_of_lists(state: State) -> None:
    state.kept.append([None] * (100 * KIB // 8))


@leak("python", bytes_per_call=KIB, prepare=lambda state: setattr(state, "recent", deque()))
def deque_without_maxlen(state: State) -> None:
    state.recent.append(bytes(KIB))


@leak("python", bytes_per_call=4 * KIB, prepare=lambda state: setattr(state, "inbox", Queue()))
def queue_never_drained(state: State) -> None:
    state.inbox.put(bytes(4 * KIB))


@leak("python", bytes_per_call=200, prepare=lambda state: setattr(state, "heap", []))
def heap_of_deadlines(state: State) -> None:
    heapq.heappush(state.heap, (state.random.random(), state.number, bytes(64)))


@leak("python", bytes_per_call=220, prepare=lambda state: setattr(state, "seen", OrderedDict()))
def ordered_dict_without_popitem(state: State) -> None:
    state.seen[f"visitor-{state.number}"] = state.number + 1000


@leak("python", bytes_per_call=64, prepare=lambda state: setattr(state, "head", None))
def linked_list_of_two_nodes(state: State) -> None:
    for _ in range(2):
        state.head = _Node(state.head)


@leak("python", bytes_per_call=900, prepare=lambda state: setattr(state, "root", {}))
def trie_of_words(state: State) -> None:
    node = state.root
    for letter in f"{state.number:05d}"[::-1]:
        node = node.setdefault(letter, {})


@leak("python", bytes_per_call=1600, prepare=lambda state: setattr(state, "hits", Counter()))
def counter_of_unique_names(state: State) -> None:
    state.hits.update(f"page-{state.number}-{part}" for part in range(10))


@leak("python", bytes_per_call=KIB, prepare=lambda state: setattr(state, "text", ""))
def string_made_longer(state: State) -> None:
    state.text += "x" * KIB


@leak("python", bytes_per_call=KIB, prepare=lambda state: setattr(state, "log", io.StringIO()))
def string_io_written_on(state: State) -> None:
    state.log.write("x" * KIB)


@leak("python", bytes_per_call=100 * KIB, prepare=lambda state: setattr(state, "log", io.BytesIO()))
def bytes_io_written_on(state: State) -> None:
    state.log.write(bytes(100 * KIB))


@leak("python", bytes_per_call=KIB, prepare=lambda state: setattr(state, "samples", array("d")))
def array_of_samples(state: State) -> None:
    state.samples.extend([0.5] * 128)
