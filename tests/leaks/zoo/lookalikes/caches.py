"""Caches with a bound: they grow for a while, and then they do not."""

from __future__ import annotations

import functools
import re
import struct
import time
from collections import OrderedDict, deque
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Literal, Union
from urllib.parse import urlsplit

from zoo.case import KIB, MIB, Case, State, lookalike

if TYPE_CHECKING:
    from collections.abc import Callable

_DATE_FORMATS = tuple(f"%Y-%m-%d{mark}%H" for mark in "abcdefgh")


def _bounded(size: int, bytes_each: int) -> Callable[[Callable[[State], object]], Case]:
    """Make a case whose ``state.lookup`` caches that many results of that size."""

    def prepare(state: State) -> None:
        state.lookup = functools.lru_cache(maxsize=size)(lambda number: bytes(bytes_each))

    return lookalike("python", settles_after=size, prepare=prepare)


class _Recent:
    """A least-recently-used mapping as people write it themselves."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.items: OrderedDict[int, bytes] = OrderedDict()

    def put(self, key: int, value: bytes) -> None:
        self.items[key] = value
        if len(self.items) > self.size:
            self.items.popitem(last=False)


@_bounded(2, 100 * KIB)
def lru_cache_of_2_tables(state: State) -> None:
    state.lookup(state.number)


@_bounded(16, 10 * KIB)
def lru_cache_of_16_pages(state: State) -> None:
    state.lookup(state.number)


@_bounded(32, MIB)
def lru_cache_of_32_mebibytes(state: State) -> None:
    state.lookup(state.number)


@_bounded(128, 100)
def lru_cache_of_128_small_results(state: State) -> None:
    state.lookup(state.number)


@_bounded(128, 10 * KIB)
def lru_cache_of_128_pages(state: State) -> None:
    state.lookup(state.number)


@_bounded(300, KIB)
def lru_cache_of_300_results(state: State) -> None:
    state.lookup(state.number)


@lookalike("python", settles_after=10, prepare=lambda state: setattr(state, "recent", _Recent(10)))
def cache_of_your_own_full_after_10(state: State) -> None:
    state.recent.put(state.number, bytes(KIB))


@lookalike("python", settles_after=5, prepare=lambda state: setattr(state, "recent", _Recent(5)))
def cache_of_your_own_full_after_5_mebibytes(state: State) -> None:
    state.recent.put(state.number, bytes(MIB))


@lookalike("python", settles_after=50, prepare=lambda state: setattr(state, "last", deque(maxlen=50)))
def ring_buffer(state: State) -> None:
    state.last.append(bytes(4 * KIB))


@lookalike("python", settles_after=64, prepare=lambda state: setattr(state, "seen", {}))
def cache_emptied_when_full(state: State) -> None:
    if len(state.seen) == 64:
        state.seen.clear()
    state.seen[state.number] = bytes(KIB)


@lookalike("python", settles_after=1, single_round=True)
def regexes_that_come_again(state: State) -> None:
    for number in range(20):
        re.compile(f"known-{number}-([a-z]+)")


# 512 patterns, from 3.13 on 256 more in front: the largest cache here that a test fills unawares.
@lookalike("python", settles_after=800, single_round=True)
def regexes_that_are_always_new(state: State) -> None:
    re.compile(f"new-{state.number}-([a-z]+)")


@lookalike("python", settles_after=1, single_round=True)
def fnmatch_patterns_that_come_again(state: State) -> None:
    for number in range(20):
        fnmatch("data-7.csv", f"data-{number}.*")


@lookalike("python", settles_after=100, single_round=True)
def struct_formats_that_are_always_new(state: State) -> None:
    struct.pack(f"{state.number}s", b"")


@lookalike("python", settles_after=8, single_round=True)
def strptime_formats(state: State) -> None:
    # One more format than its cache holds, so that it is emptied and filled over and over.
    date_format = _DATE_FORMATS[state.number % len(_DATE_FORMATS)]
    time.strptime(time.strftime(date_format), date_format)


@lookalike("python", settles_after=128, single_round=True)
def typing_generics(state: State) -> None:
    assert Union[Literal[state.number + 1000], str]  # noqa: UP007 - the cached form


@lookalike("python", settles_after=130, single_round=True)
def urls_that_are_always_new(state: State) -> None:
    urlsplit(f"https://example.org/{state.number}?query=1")
