"""Keeping collections cheap while a leak is looked for."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["frozen_heap"]


@contextmanager
def frozen_heap() -> Iterator[None]:
    """Set everything that exists apart from collections, so that they cost what the test itself made.

    Entered before a test's setup, so that its own fixtures can still be collected. When the program under test has
    frozen objects itself, nothing is done: thawing would thaw its objects too.
    """
    if gc.get_freeze_count():
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
