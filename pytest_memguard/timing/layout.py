"""The two processes of a pair, laid out alike in memory; every pair in another way.

Where stack, heap and arrays lie relative to each other and to the caches is worth several per cent of a time (Mytkowicz
et al., *Producing Wrong Data Without Doing Anything Obviously Wrong!*, ASPLOS 2009, doi 10.1145/1508244.1508275). What
is common to the two sides of a pair cancels. What the code of head itself moves does not, and would always be the same:
so the length of the environment moves all of it, as the seed of hashes does.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["at_fixed_addresses", "can_fix_addresses", "moved_by"]

_QUERY, _ADDR_NO_RANDOMIZE = 0xFFFFFFFF, 0x0040000  # personality(2)
_PAGE_BYTES = 4096


def moved_by(seed: int) -> dict[str, str]:
    """An entry of the environment, up to a page long: the stack begins below it, and Python copies it to the heap."""
    return {"MEMGUARD_DUET_LAYOUT": "." * (seed % _PAGE_BYTES)}


@contextlib.contextmanager
def at_fixed_addresses() -> Iterator[None]:
    """Processes that this thread starts meanwhile have no random addresses, where that can be asked for."""
    personality = _personality()
    before = personality(_QUERY) if personality else -1
    if personality is None or before == -1:
        yield
        return
    personality(before | _ADDR_NO_RANDOMIZE)  # a sandbox may refuse it
    try:
        yield
    finally:
        personality(before)


def can_fix_addresses() -> bool:
    """Not outside of Linux, nor under the system call filter that Docker has by default (moby/moby issue 43011)."""
    personality = _personality()
    if personality is None:
        return False
    with at_fixed_addresses():
        now = personality(_QUERY)
    return now != -1 and bool(now & _ADDR_NO_RANDOMIZE)


@lru_cache(maxsize=1)
def _personality() -> Callable[[int], int] | None:
    if sys.platform != "linux":
        return None
    personality = getattr(ctypes.CDLL(None), "personality", None)
    if personality is not None:
        personality.argtypes, personality.restype = (ctypes.c_ulong,), ctypes.c_int
    return personality
