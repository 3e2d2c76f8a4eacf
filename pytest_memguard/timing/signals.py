"""Signals that end a program, as exceptions, so that everything is tidied up on the way out."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from typing import TYPE_CHECKING

from pytest_memguard.timing.errors import Terminated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

__all__ = ["ending_raises", "undisturbed"]

_ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextlib.contextmanager
def ending_raises() -> Iterator[None]:
    """``SIGTERM`` and ``SIGHUP`` raise :class:`Terminated` in the main thread."""

    def end(number: int, _frame: FrameType | None) -> None:
        raise Terminated(signal.Signals(number).name)

    with _handlers(dict.fromkeys(_ENDING, end)):
        yield


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Tidy up to the end, however often somebody presses Ctrl-C. What came counts afterwards, unless all is ending."""
    is_ending = sys.exc_info()[0] is not None
    came: list[int] = []
    with _handlers(dict.fromkeys((*_ENDING, signal.SIGINT), lambda number, _frame: came.append(number))):
        yield
    if came and not is_ending:
        signal.raise_signal(came[0])


@contextlib.contextmanager
def _handlers(wanted: dict[signal.Signals, signal._HANDLER]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # A handler that was not set by Python reads as None, and cannot be put back; nohup has SIGHUP ignored.
    known = {number: signal.getsignal(number) for number in wanted}
    before = {number: handler for number, handler in known.items() if handler not in (None, signal.SIG_IGN)}
    for number in before:
        signal.signal(number, wanted[number])
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
