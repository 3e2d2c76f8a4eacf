"""Reports of subtests, which pytest keeps while their test still runs: no leak of the test."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import pytest

from pytest_memguard.probes.heap import unseen
from pytest_memguard.session.recorded import copied

if TYPE_CHECKING:
    from collections.abc import Collection, Generator

__all__ = ["SubtestReports"]


class SubtestReports:
    """Makes the texts in the reports of these tests' subtests anew, so that their memory counts as the runner's.

    They come out of the standard library, so deep below pytest that a stack of few frames ends before it. The list
    that keeps the reports is pytest's by its stack, which the C allocator knows nothing of.
    """

    def __init__(self, nodeids: Collection[str]) -> None:
        self._nodeids = nodeids

    @pytest.hookimpl(wrapper=True, tryfirst=True)  # before anybody has taken something out of it
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None, Any, Any]:
        if type(report) is pytest.TestReport or report.nodeid not in self._nodeids:
            return (yield)
        with unseen(is_often=True):
            for name in ("context", "longrepr"):
                setattr(report, name, _remade(getattr(report, name, None)))
            return (yield)


def _remade(value: Any) -> Any:
    """An equal value; objects of the test's own, which an older pytest keeps, stay the same."""
    if type(value) is str:
        return copied(value)
    if type(value) in (list, tuple):
        return type(value)([_remade(part) for part in value])
    if type(value) is dict:
        # The keys of a copy come from no free list, whose blocks count for the line that had them first.
        return {name: _remade(part) for name, part in value.items()}.copy()
    if is_dataclass(value) and type(value).__module__.startswith(("_pytest.", "pytest_subtests.")):
        made = object.__new__(type(value))
        for field in fields(value):
            object.__setattr__(made, field.name, _remade(getattr(value, field.name)))
        return made
    return value
