"""The C allocator: freed chunks that it keeps, sizes that vary, threads with arenas of their own."""

from __future__ import annotations

import ctypes
import functools
import sys
import threading

from zoo.case import KIB, MIB, State, lookalike

_NEEDS_LIBC = (
    "" if sys.platform == "linux" else "malloc is called from the C library by name, which needs Linux"
)


@functools.cache
def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    libc.malloc.argtypes = [ctypes.c_size_t]
    libc.free.argtypes = [ctypes.c_void_p]
    return libc


def _malloc_and_free(*sizes: int) -> None:
    libc = _libc()
    addresses = [libc.malloc(size) for size in sizes]
    for address, size in zip(addresses, sizes, strict=True):
        ctypes.memset(address, 1, size)
    for address in addresses:
        libc.free(address)


# Freed chunks of up to 1 KiB wait in a per-thread cache, where the allocator still counts them as handed out.
@lookalike("heap", "rss", skip=_NEEDS_LIBC)
def small_chunks_freed(state: State) -> None:
    _malloc_and_free(*range(16, KIB, 16), *range(16, KIB, 16), *range(16, KIB, 16))


@lookalike("heap", "rss", skip=_NEEDS_LIBC)
def large_chunks_freed(state: State) -> None:
    _malloc_and_free(100 * KIB, MIB, 40 * MIB)


@lookalike("heap", "rss", skip=_NEEDS_LIBC)
def chunks_of_random_size_freed(state: State) -> None:
    _malloc_and_free(*(state.random.randint(1, 200 * KIB) for _ in range(30)))


@lookalike("heap", "rss", settles_after=2, single_round=False, skip=_NEEDS_LIBC)
def chunks_freed_in_threads(state: State) -> None:
    threads = [threading.Thread(target=_malloc_and_free, args=(64, KIB, 300 * KIB)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@lookalike("heap")
def objects_of_medium_size_freed(state: State) -> None:
    assert [bytes(600 + number % 400) for number in range(2000)]


# Every other one is freed: a hole that the next call fills, with up to 16 bytes to spare in each.
@lookalike("heap", "rss", settles_after=8)
def fragments(state: State) -> None:
    state.kept = [bytes(2 * KIB) for _ in range(1000)][::2]
