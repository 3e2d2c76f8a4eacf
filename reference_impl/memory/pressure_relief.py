"""What to do when memory runs short, in order."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

import psutil

from reference_impl.memory.errors import PoolError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["PressureRelief", "Step"]


class Step(NamedTuple):
    """One measure that was taken: its ``name``, how much usage fell by it, and the error that it ended with."""

    name: str
    freed_bytes: int
    error: Exception | None


class PressureRelief:
    """Measures that free memory, taken one after the other when usage is above a limit, until it is low again.

    Parameters
    ----------
    high_bytes
        Usage above which :meth:`check` acts.
    low_bytes
        Usage at which it stops; ``high_bytes`` when not given. Some distance keeps it from acting at every check.
    usage
        Gives the present usage in bytes; by default the resident memory of the process. Pools have
        ``lambda: pool.reserved_bytes``.

    Raises
    ------
    PoolError
        For a ``low_bytes`` below zero or above ``high_bytes``.
    """

    def __init__(
        self, high_bytes: int, *, low_bytes: int | None = None, usage: Callable[[], int] | None = None
    ) -> None:
        low_bytes = high_bytes if low_bytes is None else low_bytes
        if not 0 <= low_bytes <= high_bytes:
            raise PoolError(f"got low_bytes={low_bytes}, allowed: 0 to high_bytes, {high_bytes}")
        self.high_bytes, self.low_bytes = high_bytes, low_bytes
        self.usage = usage or _resident_bytes
        self._measures: dict[str, Callable[[], object]] = {}
        self._acting = threading.Lock()

    def register(self, name: str, measure: Callable[[], object]) -> None:
        """Take ``measure()`` after all that are registered already: cheap ones first.

        Raises
        ------
        PoolError
            For a name that is taken.
        """
        if name in self._measures:
            raise PoolError(
                f"got name={name!r}, which is registered already; allowed: another, or unregister it"
            )
        self._measures[name] = measure

    def unregister(self, name: str) -> None:
        """Forget the measure.

        Raises
        ------
        PoolError
            For a name that is not registered.
        """
        if self._measures.pop(name, None) is None:
            raise PoolError(
                f"got name={name!r}, allowed: {', '.join(self._measures) or 'nothing is registered'}"
            )

    def check(self) -> list[Step]:
        """Take measures where usage is above ``high_bytes``; returns those that were taken, in order.

        A measure that fails is reported with its error, and the next is taken. While one thread acts, others get an
        empty list, and so does a measure that checks.
        """
        if self.usage() <= self.high_bytes or not self._acting.acquire(blocking=False):
            return []
        try:
            return self._relieve()
        finally:
            self._acting.release()

    def _relieve(self) -> list[Step]:
        steps = []
        before = self.usage()
        for name, measure in list(self._measures.items()):
            if before <= self.low_bytes:
                break
            error = None
            try:
                measure()
            except Exception as caught:  # noqa: BLE001 - the next one may still help
                error = caught
            after = self.usage()
            steps.append(Step(name, before - after, error))
            before = after
        return steps


def _resident_bytes() -> int:
    return int(psutil.Process().memory_info().rss)
