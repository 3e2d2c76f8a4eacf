"""Which tests there are, so that baselines of tests that are gone can be told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Census", "nodeid_of"]

_KEY = "memguard_census"
_NODEID = pytest.StashKey[str]()


def nodeid_of(item: pytest.Item) -> str:
    """As it was collected: before pytest 9.2, ``--dist loadgroup`` of pytest-xdist puts a test's group behind it."""
    return item.stash.get(_NODEID, item.nodeid)


class Census:
    """Node ids collected before anything was deselected, and the files of which none can be missing."""

    def __init__(self) -> None:
        self.collected: set[str] = set()
        self.whole_files: set[str] = set()

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        item.stash[_NODEID] = item.nodeid
        self.collected.add(item.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.passed and "::" not in report.nodeid:
            self.whole_files.add(report.nodeid)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Forget files of which the command line asked for some tests only."""
        if session.config.getoption("lf", default=False):
            self.whole_files.clear()
        for argument in session.config.args:
            file, colons, _ = argument.partition("::")
            if colons:
                path = (session.config.invocation_params.dir / file).resolve()
                if path.is_relative_to(session.config.rootpath):
                    self.whole_files.discard(path.relative_to(session.config.rootpath).as_posix())

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """In a worker: send it to the controller."""
        output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[_KEY] = {"collected": sorted(self.collected), "whole_files": sorted(self.whole_files)}

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """In the controller: take over a worker's."""
        sent: Mapping[str, list[str]] = getattr(node, "workeroutput", {}).get(_KEY, {})
        self.collected.update(sent.get("collected", ()))
        self.whole_files.update(sent.get("whole_files", ()))
