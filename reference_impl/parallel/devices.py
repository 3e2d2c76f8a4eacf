"""Where domains are computed: one interface, so that a run does not know it."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from reference_impl.parallel.domain import Domain
from reference_impl.parallel.pairs import DevicePairs, HostPairs
from reference_impl.whole import whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from reference_impl.cuda import Device as CudaDevice
    from reference_impl.cuda.forces import DevicePrecision
    from reference_impl.parallel.domain import Plan
    from reference_impl.parallel.pairs import Pairs

__all__ = ["CudaDevices", "Device", "Order", "Serial", "Threads"]

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
        self._domains = [
            Domain(plan, self.positions, self.forces, self._pairs_of(number, plan))
            for number, plan in enumerate(plans)
        ]

    def _pairs_of(self, number: int, plan: Plan) -> Pairs:  # noqa: ARG002 - others look at it
        return HostPairs(plan)

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
        workers = whole(workers, "workers")
        if workers < 1:
            raise ValueError(f"got workers={workers}, allowed: 1 and more")
        self._workers = workers
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="domain")

    def ask(self, order: Order) -> list[Any]:
        if self._process != os.getpid():
            self._begin()  # threads are not forked
        try:
            asked = [self._pool.submit(getattr(domain, order)) for domain in self._domains or ()]
            wait(asked)  # all of them: after an error too, none may still be at work on the next order
        except BaseException:
            self._pool.shutdown(cancel_futures=True)  # nor after an interrupt
            self._begin()
            raise
        return [answer.result() for answer in asked]

    def close(self) -> None:
        self._pool.shutdown()
        super().close()


class CudaDevices(Threads):
    """Domains in turns on several CUDA devices, each of which has a thread that waits for it.

    At every step positions go there, and forces, energies and virials come back: 64 bytes for each atom and image in a
    halo. A run that lies on one device alone (``simulate`` with ``backend="cupy"``) copies eight bytes in all.

    Parameters
    ----------
    devices
        Such as ``[CupyDevice(0), CupyDevice(1)]``; domains take turns when there are more.
    precision
        Of the arithmetic on pairs; see :class:`reference_impl.cuda.DeviceForces`.

    Raises
    ------
    ValueError
        For no devices.
    """

    def __init__(self, devices: Sequence[CudaDevice], *, precision: DevicePrecision = "float64") -> None:
        if not devices:
            raise ValueError("got no devices, allowed: 1 and more")
        super().__init__(len(devices))
        self._devices, self._precision = tuple(devices), precision

    def _pairs_of(self, number: int, plan: Plan) -> Pairs:
        device = self._devices[number % len(self._devices)]
        return DevicePairs(plan, device=device, precision=self._precision)
