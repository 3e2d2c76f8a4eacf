"""What a library that allocates device memory is asked for."""

from __future__ import annotations

from typing import Protocol

__all__ = ["DeviceSource"]


class DeviceSource(Protocol):
    """One library's counters, of the device that was current at :meth:`attach`.

    The optional counters of :class:`~pytest_memguard.model.PoolCounters` are read where there are any. They are asked
    for between :meth:`attach` and :meth:`detach` alone. Optional too: ``no_verdict``, why nothing may be judged by it.
    """

    name: str

    @property
    def allocated_bytes(self) -> int | None:
        """Bytes handed to live objects; ``None`` where the library does not tell."""

    @property
    def reserved_bytes(self) -> int | None:
        """Bytes held from the driver, handed out or not."""

    def load(self) -> str | None:
        """Import the library; why it cannot be imported, or ``None``."""

    def unavailable(self) -> str | None:
        """Why there is nothing to read now, without importing anything and without a context on the device."""

    def attach(self) -> str | None:
        """The first window opens. Why it can tell nothing, or ``None``."""

    def detach(self) -> None:
        """The last window has closed: leave the library as it was found."""

    def trouble(self) -> str:
        """What happened since :meth:`attach` that makes the counters prove nothing; empty when all is well."""

    def notes(self) -> tuple[str, ...]:
        """How far the numbers can be trusted, in words for the reader."""

    def settle(self) -> None:
        """Give back what only caches of the library hold."""

    def evidence(self) -> str:
        """What else there is to say beside a leak that was found; empty where there is nothing."""

    def known_allocation(self, nbytes: int) -> object:
        """Device memory of this size, for as long as the object lives; nothing of it stays in the pool after."""
