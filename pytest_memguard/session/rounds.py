"""Calling a test's body again with the same fixtures, as if for the first time."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pytest

from pytest_memguard.session.recorded import log_handlers, recorded_warnings

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Repeater", "has_failed_quietly", "was_skipped_quietly"]


def has_failed_quietly(item: pytest.Item) -> bool:
    """A ``unittest`` item keeps its failure or skip to itself instead of raising it."""
    return bool(getattr(item, "_excinfo", None))


def was_skipped_quietly(item: pytest.Item) -> bool:
    """A ``unittest`` item that skipped itself and did nothing worse."""
    kept = getattr(item, "_excinfo", None) or ()
    return bool(kept) and all(isinstance(excinfo.value, pytest.skip.Exception) for excinfo in kept)


class Repeater:
    """Puts back, before each further call, what pytest's own fixtures gathered in the call before.

    Without this a second call would see the first one's log records and warnings, patch what is already patched, and
    every round would retain what pytest records about it.
    """

    def __init__(self, item: pytest.Item, body: Callable[[], object] | None = None) -> None:
        self._item = item
        self._body = body or item.runtest
        self._log_handlers = list(log_handlers(item))
        self._warnings = recorded_warnings()
        self._warnings_before = len(self._warnings)
        self._properties_before = len(item.user_properties)
        self._patches = _Patches(getattr(item, "funcargs", {}).get("monkeypatch"))
        # doctest clears an example's namespace once it has run.
        dtest = getattr(item, "dtest", None)
        self._doctest_globals = None if dtest is None else dict(dtest.globs)

    def call(self) -> None:
        """Call the body once more."""
        self.reset()
        self._body()

    def reset(self) -> None:
        for handler in self._log_handlers:
            handler.records.clear()
            handler.stream.seek(0)  # in place: a new list and stream in each round would be read as retained
            handler.stream.truncate()
        del self._warnings[self._warnings_before :]
        if "recwarn" in getattr(self._item, "funcargs", {}):
            with warnings.catch_warnings():
                pass  # forgets which lines have warned already: they would not warn again
        del self._item.user_properties[self._properties_before :]
        self._patches.undo()
        instance: Any = getattr(self._item, "instance", None)
        if getattr(instance, "_asyncioRunner", None) is not None:
            instance._asyncioRunner = None  # noqa: SLF001 - unittest closes it and refuses a second one beside it
        if self._doctest_globals is not None:
            self._item.dtest.globs.update(self._doctest_globals)  # type: ignore[attr-defined]

    def finish(self) -> None:
        """Leave the last call's traces for the teardown."""
        self._patches.merge()


class _Patches:
    """What ``monkeypatch`` recorded during a call, apart from what fixtures recorded before."""

    _LISTS = ("_setattr", "_setitem")
    _VALUES = ("_cwd", "_savesyspath")

    def __init__(self, monkeypatch: Any) -> None:
        self._monkeypatch = monkeypatch
        self._before: dict[str, Any] = {}
        if monkeypatch is not None:
            for name in (*self._LISTS, *self._VALUES):
                self._before[name] = getattr(monkeypatch, name)
            self._start()

    def _start(self) -> None:
        for name in self._LISTS:
            setattr(self._monkeypatch, name, [])
        for name in self._VALUES:
            setattr(self._monkeypatch, name, None)

    def undo(self) -> None:
        if self._monkeypatch is not None:
            self._monkeypatch.undo()
            self._start()

    def merge(self) -> None:
        if self._monkeypatch is None:
            return
        for name in self._LISTS:
            setattr(self._monkeypatch, name, self._before[name] + getattr(self._monkeypatch, name))
        for name in self._VALUES:
            if self._before[name] is not None:  # the older one is the one to go back to
                setattr(self._monkeypatch, name, self._before[name])
