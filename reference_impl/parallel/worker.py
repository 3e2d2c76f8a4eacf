"""The other side of :class:`reference_impl.parallel.Processes`."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from reference_impl.parallel.domain import Domain
from reference_impl.parallel.shared_array import SharedArray

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection

    from reference_impl.parallel.domain import Plan

__all__ = ["serve"]


def serve(orders: Connection, plans: Sequence[Plan], atoms: int, names: tuple[str, ...]) -> None:
    """Do what is asked until there is nobody to ask: the caller said so, or has died."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the caller, who then ends its workers
    shared = [SharedArray(atoms, name) for name in names]
    positions, forces = (segment.array for segment in shared)
    domains = [Domain(plan, positions, forces) for plan in plans]
    try:
        while True:
            orders.send(_answers(domains, orders.recv()))
    except (EOFError, OSError):
        domains.clear()
        del positions, forces
        for segment in shared:
            segment.close()


def _answers(domains: Sequence[Domain], order: str) -> object:
    try:
        return [getattr(domain, order)() for domain in domains]
    except Exception as error:  # noqa: BLE001 - it is raised where the order came from
        return error
