"""Workspaces for Fourier transforms, kept for reuse under a byte limit."""

from __future__ import annotations

from contextlib import suppress
from threading import RLock
from typing import TYPE_CHECKING

from reference_impl.spectral.engines import engine_named
from reference_impl.spectral.requests import requested
from reference_impl.spectral.workspace import Slot, Workspace
from reference_impl.threads import checked_threads
from reference_impl.uncopied import Uncopied
from reference_impl.whole import whole

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import DTypeLike

    from reference_impl.spectral.requests import Request

__all__ = ["FFTWorkspaces"]


class FFTWorkspaces(Uncopied):
    """Aligned buffers and the plans made for them, by shape, dtype and axes.

    Parameters
    ----------
    max_bytes
        Limit on *idle* bytes. The workspace released longest ago goes first, its plans with it; one larger than
        the limit is never kept.
    engine
        ``"scipy"``, ``"fftw"``, ``"fftw-patient"`` or ``"numpy"``; by default SciPy where it is installed, else NumPy.
    threads
        Of one transform.

    Attributes
    ----------
    allocated_bytes, reserved_bytes : int
        Of live leases; of these and of what is idle.
    high_water_allocated_bytes, high_water_reserved_bytes : int
        Largest values since :meth:`reset_high_water`.
    hits, misses, frees, plans : int
        Leases over memory that was there, over new memory, leases that ended, and plans made, each since the pool
        was made. A hit may need a new plan: fields of the same size share memory.

    Raises
    ------
    ValueError
        For another engine, a negative limit, or threads below 1.
    ModuleNotFoundError
        When the engine's package is not installed.

    Notes
    -----
    Threads may share a pool; a lease belongs to one at a time.
    """

    def __init__(self, *, max_bytes: int = 2**30, engine: str | None = None, threads: int = 1) -> None:
        max_bytes, threads = whole(max_bytes, "max_bytes"), checked_threads(threads)
        if max_bytes < 0:
            raise ValueError(f"got max_bytes={max_bytes}, allowed: >= 0 (0 keeps nothing)")
        self.engine, self._engine = engine_named(engine)
        self.max_bytes = max_bytes
        self.threads = threads
        self._idle: list[Slot] = []  # released longest ago first
        self._lock = RLock()  # entered again when a lease is dropped inside it
        self.allocated_bytes = self.reserved_bytes = 0
        self.high_water_allocated_bytes = self.high_water_reserved_bytes = 0
        self.hits = self.misses = self.frees = self.plans = 0

    def lease(
        self, shape: int | Iterable[int], dtype: DTypeLike = float, axes: int | Iterable[int] | None = None
    ) -> Workspace:
        """A workspace for fields of ``shape`` and ``dtype``, transformed over ``axes``, by default all.

        Of a real field the last of ``axes`` is the one whose spectrum is only held up to its half.

        Raises
        ------
        ValueError
            For lengths below 1, axes that are not there or named twice, and dtypes other than float32, float64,
            complex64 and complex128.
        MemoryError
            When the system has none left, even after the idle workspaces were given back.
        """
        request = requested(shape, dtype, axes)
        slot = None
        try:
            slot = self._lent(request)
            plan, is_new = slot.plan_for(request, self._engine, self.threads)
        except BaseException:
            if slot is not None:
                self._lose(slot)
            raise
        if is_new:
            with self._lock:
                self.plans += 1
        return Workspace(self, slot, plan)

    def empty_cache(self) -> None:
        """Give all idle workspaces back to the system."""
        with self._lock:
            self._trim(0)

    def reset_high_water(self) -> None:
        """Let both high-water marks start again from the present values."""
        self.high_water_allocated_bytes = self.allocated_bytes
        self.high_water_reserved_bytes = self.reserved_bytes

    @property
    def allocations(self) -> int:
        return self.hits + self.misses

    @property
    def free_bytes(self) -> int:
        """Bytes of idle workspaces."""
        return self.reserved_bytes - self.allocated_bytes

    @property
    def largest_free_bytes(self) -> int:
        """Bytes of the largest idle workspace."""
        with self._lock:
            return max((slot.nbytes for slot in self._idle), default=0)

    def __repr__(self) -> str:
        return (
            f"FFTWorkspaces(engine={self.engine!r}, allocated_bytes={self.allocated_bytes}, "
            f"reserved_bytes={self.reserved_bytes}, hits={self.hits}, misses={self.misses}, plans={self.plans})"
        )

    def _lent(self, request: Request) -> Slot:
        with self._lock:
            slot = self._idle_slot(request) or self._new_slot(request.nbytes)
            self.allocated_bytes = allocated = self.allocated_bytes + slot.nbytes
            if allocated > self.high_water_allocated_bytes:  # noqa: PLR1730 - max() is a call, where finalizers run
                self.high_water_allocated_bytes = allocated
        return slot

    def _idle_slot(self, request: Request) -> Slot | None:
        """The one released last of those that fit, those with a plan before the others."""
        while True:
            found = None
            for slot in reversed(tuple(self._idle)):
                if request in slot.plans:
                    found = slot
                    break
                if found is None and slot.nbytes == request.nbytes:
                    found = slot
            if found is None:
                return None
            with suppress(ValueError):  # a finalizer took it, or let it go
                self._idle.remove(found)
                self.hits += 1
                return found

    def _new_slot(self, nbytes: int) -> Slot:
        try:
            slot = Slot(nbytes)
        except MemoryError:
            self._trim(0)
            slot = Slot(nbytes)
        self.misses += 1
        self.reserved_bytes = reserved = self.reserved_bytes + nbytes
        if reserved > self.high_water_reserved_bytes:  # noqa: PLR1730 - as in _lent()
            self.high_water_reserved_bytes = reserved
        return slot

    def _take_back(self, slot: Slot) -> None:
        with self._lock:
            self.allocated_bytes -= slot.nbytes
            self.frees += 1
            if slot.nbytes > self.max_bytes:  # too large to keep: must not push out what fits
                self.reserved_bytes -= slot.nbytes
                return
            self._idle.append(slot)
            self._trim(self.max_bytes)

    def _lose(self, slot: Slot) -> None:
        with self._lock:
            self.allocated_bytes -= slot.nbytes
            self.reserved_bytes -= slot.nbytes
            self.frees += 1

    def _trim(self, limit_bytes: int) -> None:
        # Finalizers come into this loop, and take from the list what they like: whatever goes is counted at once.
        while self._idle and self.reserved_bytes - self.allocated_bytes > limit_bytes:
            slot = self._idle[0]
            del self._idle[0]
            self.reserved_bytes -= slot.nbytes
