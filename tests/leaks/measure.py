"""Counters read the plainest way there is, to know the truth about a case without the guard it is to test."""

from __future__ import annotations

import ctypes
import gc
import os
import tracemalloc
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["counting"]


class _MallInfo(ctypes.Structure):
    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in [
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keepcost",
        ]
    )


def _traced_bytes() -> int:
    return tracemalloc.get_traced_memory()[0]


def _heap_bytes() -> int:
    libc = ctypes.CDLL(None)
    libc.mallinfo2.restype = _MallInfo
    info = libc.mallinfo2()
    return info.uordblks + info.hblkhd


def _resident_bytes() -> int:
    ctypes.CDLL(None).malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


_COUNTERS = {"python": _traced_bytes, "heap": _heap_bytes, "rss": _resident_bytes}


@contextmanager
def counting(probe: str) -> Iterator[Callable[[], int]]:
    """Give a function that collects garbage and reads the probe's counter."""
    read = _COUNTERS[probe]

    def settled() -> int:
        gc.collect()
        gc.collect()  # what finalizers of the first one let go
        return read()

    if probe == "python":
        tracemalloc.start()
    # What lives already is of no interest: without it a collection takes microseconds.
    gc.freeze()
    try:
        yield settled
    finally:
        gc.unfreeze()
        if probe == "python":
            tracemalloc.stop()
