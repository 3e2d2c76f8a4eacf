"""Where domains are computed: one interface, so that a run does not know it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from reference_impl.parallel.domain import Domain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from reference_impl.parallel.domain import Plan

__all__ = ["Device", "Order", "Serial", "Threads"]

Order = Literal["build", "moved", "forces"]  # methods of a Domain


class Device(Protocol):
    """Holds the domains of one run, and the memory that they share with their caller."""

    def start(self, plans: Sequence[Plan], atoms: int) -> None:
        """Make ready for that many atoms; once: a second run is a ``ValueError``."""

    @property
    def positions(self) -> NDArray[np.float64]:
        """Shape (N, 3), where the caller writes."""

    @property
    def forces(self) -> NDArray[np.float64]:
        """Shape (N, 3), where the domains write."""

    def ask(self, order: Order) -> list[Any]:
        """What every domain answers, in the order of the plans; returns when all have."""

    def close(self) -> None:
        """Give everything back; a second time does nothing."""


class Serial:
    """One domain after the other, here."""

    def __init__(self) -> None:
        self._domains: list[Domain] | None = None

    def start(self, plans: Sequence[Plan], atoms: int) -> None:
        if self._domains is not None:
            raise ValueError("got a device that has domains already, allowed: one of its own for each run")
        self.positions, self.forces = np.empty((atoms, 3)), np.empty((atoms, 3))
        self._domains = [Domain(plan, self.positions, self.forces) for plan in plans]

    def ask(self, order: Order) -> list[Any]:
        return [getattr(domain, order)() for domain in self._domains or ()]

    def close(self) -> None:
        self._domains = []


class Threads(Serial):
    """Threads of this process: compiled kernels run without the interpreter's lock.

    Raises
    ------
    ValueError
        For less than one worker.
    """

    def __init__(self, workers: int) -> None:
        super().__init__()
        if workers < 1:
            raise ValueError(f"got workers={workers}, allowed: 1 and more")
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="domain")

    def ask(self, order: Order) -> list[Any]:
        asked = [self._pool.submit(getattr(domain, order)) for domain in self._domains or ()]
        wait(asked)  # all of them: after an error too, none may still be at work on the next order
        return [answer.result() for answer in asked]

    def close(self) -> None:
        self._pool.shutdown()
        super().close()
