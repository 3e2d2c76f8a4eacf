"""Keeping collections cheap while a leak is looked for."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from pytest_memguard.session.planning import Planner

__all__ = ["Freezing", "frozen_heap"]


# CPython 3.12 sets its immortal objects apart by itself, some hundred. A program that freezes has thousands.
_MOST_OF_THE_INTERPRETER = 1000


class Freezing:
    """Freezes the heap around every test with a leak budget."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        if self._planner.judges_leak(item):
            with frozen_heap():
                return (yield)
        return (yield)


@contextmanager
def frozen_heap() -> Iterator[None]:
    """Set everything that exists apart from collections, so that they cost what the test itself made.

    Entered before a test's setup, so that its own fixtures can still be collected. When the program under test has
    frozen objects itself, nothing is done: thawing would thaw its objects too.
    """
    if gc.get_freeze_count() > _MOST_OF_THE_INTERPRETER:
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
