"""Bodies that look like leaks and are none, by family."""

from __future__ import annotations

from zoo.case import Case
from zoo.lookalikes import (
    arrays,
    buffers,
    caches,
    concurrency,
    cycles,
    first_calls,
    interpreter,
    native,
    pytest_keeps,
    released,
    stdlib,
)

__all__ = ["LOOKALIKES"]

_FAMILIES = (
    caches,
    cycles,
    first_calls,
    buffers,
    interpreter,
    pytest_keeps,
    concurrency,
    released,
    stdlib,
    arrays,
    native,
)
LOOKALIKES = tuple(case for family in _FAMILIES for case in vars(family).values() if isinstance(case, Case))
