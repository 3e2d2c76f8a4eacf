"""The hooks: collect, wait for one's turn at every benchmark, report."""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import signal
import sys
from contextlib import suppress
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .controls import CONTROLS, Control
from .fixture import stand_in
from .link import Link
from .outcome import error_place, outcome_of
from .stand import Stand

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["pytest_addoption", "pytest_configure", "pytest_load_initial_conftests"]

_OPTION = "memguard_duet"
_PR_SET_PDEATHSIG = 1
# What must not happen in a process that is timed, whatever the command line and the ini say.
_NEUTRAL = {
    "memguard": "off",
    "continue_on_collection_errors": True,
    "collectonly": False,
    "maxfail": 0,
    "usepdb": False,
    "reruns": 0,
    "dist": "no",
    "tx": [],
    "numprocesses": None,
    "benchmark_skip": False,
    "benchmark_disable": False,
    "benchmark_autosave": False,
    "benchmark_save": None,
    "benchmark_json": None,
    "benchmark_compare": None,
    "benchmark_compare_fail": None,
    "benchmark_histogram": None,
    "benchmark_cprofile": None,
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--memguard-duet", dest=_OPTION, type=json.loads, help=argparse.SUPPRESS)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Where an editable install has put a checkout on the path, put the tree of this process there."""
    _die_with_the_driver()
    given = getattr(early_config.known_args_namespace, _OPTION)
    moved = [_moved(entry, given["checkouts"], given["tree"]) for entry in sys.path]
    sys.path[:] = [entry for entry in moved if entry is not None]


def _die_with_the_driver() -> None:
    """Where the kernel can see to it: a driver that was killed closes its pipe, but a long call does not look."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _moved(entry: str, checkouts: list[str], tree: str) -> str | None:
    """An entry of the search path, in the tree instead of a checkout; ``None`` where the tree has no such place."""
    path = Path(entry or os.curdir).resolve()
    if (checkout := _checkout_of(path, checkouts, tree)) is None:
        return entry
    there = tree / path.relative_to(checkout)
    return str(there) if there.exists() else None


def _checkout_of(path: Path, checkouts: list[str], tree: str) -> str | None:
    """The innermost checkout that this is the code of; an environment in it, and the two trees, are others'."""
    installed = {"site-packages", "dist-packages"} & set(path.parts)
    if installed or any(path.is_relative_to(each) for each in (sys.prefix, Path(tree).parent)):
        return None
    return max((each for each in checkouts if path.is_relative_to(each)), key=len, default=None)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    for name, value in _NEUTRAL.items():
        if hasattr(config.option, name):
            setattr(config.option, name, value)
    given = config.getoption(_OPTION)
    if given["files"]:  # what is open of a large suite: the rest need not even be collected
        config.args[:] = given["files"]
    patch = pytest.MonkeyPatch()
    config.add_cleanup(patch.undo)
    link = Link(given["read"], given["write"])
    stand = Stand(link)
    stand_in(stand, patch)
    config.pluginmanager.register(
        _Turns(link, stand, checkouts=given["checkouts"], tree=given["tree"]), "memguard-duet-turns"
    )


class _Turns:
    def __init__(self, link: Link, stand: Stand, *, checkouts: list[str], tree: str) -> None:
        self._link, self._stand, self._checkouts, self._tree = link, stand, checkouts, tree
        self._errors: list[dict[str, str]] = []
        self._reports: list[pytest.TestReport] = []
        self._packages: list[str] = []

    def pytest_exception_interact(self, call: pytest.CallInfo[Any], report: Any) -> None:
        if isinstance(report, pytest.CollectReport) and call.excinfo is not None:
            file, kind, text = error_place(call.excinfo.value)
            self._errors.append({"nodeid": report.nodeid, "file": file, "kind": kind, "text": text})

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        benchmarks = {
            item.nodeid: item
            for item in session.items
            if {"benchmark", "benchmark_weave"} & set(getattr(item, "fixturenames", ()))
        }
        self._link.tell(
            "collected",
            items=[_described(item) for item in benchmarks.values()],
            errors=self._errors,
            rootdir=str(session.config.rootpath),
            ini=str(session.config.inipath or ""),
        )
        order = self._link.hear()
        self._packages = order.get("packages", [])
        pinned = _pin(order.get("cpus", []))
        if order.get("ignores_waits"):
            self._stand.ignore_waits()
        wanted = order.get("nodeids", [])
        session.items[:] = [benchmarks[nodeid] for nodeid in wanted if nodeid in benchmarks]
        self._link.tell("set", pinned=pinned)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items: dict[str, pytest.Item] = {item.nodeid: item for item in session.items}
        following = dict(zip_longest(items, list(items.values())[1:]))
        while (order := self._link.hear())["do"] == "start":
            nodeid = order["nodeid"]
            if (control := CONTROLS.get(nodeid)) is not None:
                self._stand.serve(Control(control))
                outcome, reason = "passed", ""
            else:
                self._reports.clear()
                item = items[nodeid]
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following[nodeid])
                outcome, reason = outcome_of(self._reports)
            self._link.tell("finished", nodeid=nodeid, outcome=outcome, reason=reason)
        self._link.tell("done", origins=_origins(self._packages, self._checkouts, self._tree))
        return True

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        """Without a summary: nobody reads it, and plugins import what takes a second for it (Hypothesis: its core)."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(session.config.hook, "pytest_terminal_summary", lambda **_: [])
            return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._reports.append(report)

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_timeout_set_timer(self) -> bool:
        """No timer of pytest-timeout: a benchmark waits here for its turn."""
        return True

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_timeout_cancel_timer(self) -> bool:
        return True


def _described(item: pytest.Item) -> dict[str, Any]:
    _, line, _ = item.location
    mark = item.get_closest_marker("time_budget")
    regression = mark.kwargs.get("regression") if mark else None
    if not isinstance(regression, (str, int, float, type(None))):
        regression = repr(regression)  # no share: the driver says so
    return {"nodeid": item.nodeid, "file": str(item.path), "line": (line or 0) + 1, "regression": regression}


def _pin(cpus: list[int]) -> bool:
    """Every thread of this process onto ``cpus``; those made later inherit it."""
    if not cpus or not hasattr(os, "sched_setaffinity"):
        return False
    try:
        for thread in Path("/proc/self/task").iterdir():
            with suppress(ProcessLookupError):
                os.sched_setaffinity(int(thread.name), cpus)
    except OSError:
        return False
    return True


def _origins(packages: list[str], checkouts: list[str], tree: str) -> dict[str, str]:
    """Where the packages that were imported came from, and whatever came out of a checkout."""
    found: dict[str, str] = {}
    for name, module in sys.modules.copy().items():
        # Not getattr: a lazy module would be loaded by it, or fail to be.
        file = str(getattr(module, "__dict__", {}).get("__file__", ""))
        is_near = any(file.startswith(each + os.sep) for each in checkouts)
        if is_near and _checkout_of(Path(file), checkouts, tree) is not None:
            found.setdefault(name.partition(".")[0], file)
    for name in packages:
        imported = sys.modules.get(name)
        if imported is not None:
            paths = [getattr(imported, "__file__", None) or "", *getattr(imported, "__path__", ())]
            found.setdefault(name, next((path for path in paths if path), ""))
    return found
