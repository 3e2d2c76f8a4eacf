"""Real ways to leak, by family."""

from __future__ import annotations

from zoo.case import Case
from zoo.leaks import bursts, caches, concurrency, containers, held, native, resources, runtime

__all__ = ["LEAKS"]

_FAMILIES = (containers, bursts, caches, held, runtime, concurrency, resources, native)
LEAKS = tuple(case for family in _FAMILIES for case in vars(family).values() if isinstance(case, Case))
