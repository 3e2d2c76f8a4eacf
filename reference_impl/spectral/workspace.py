"""One lease: a field or its spectrum, and the way between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reference_impl.layout import aligned_empty
from reference_impl.uncopied import Uncopied

if TYPE_CHECKING:
    from types import TracebackType

    import numpy as np
    from numpy.typing import NDArray

    from reference_impl.spectral.engines import Engine, Plan
    from reference_impl.spectral.requests import Request
    from reference_impl.spectral.workspaces import FFTWorkspaces

__all__ = ["Slot", "Workspace"]


class Slot:
    """A buffer and the plans that were made for it. Requests of the same size share it."""

    __slots__ = ("buffer", "nbytes", "plans")

    def __init__(self, nbytes: int) -> None:
        self.nbytes = nbytes
        self.buffer: NDArray[np.uint8] = aligned_empty(nbytes, "u1")
        self.plans: dict[Request, Plan] = {}

    def plan_for(self, request: Request, engine: Engine, threads: int) -> tuple[Plan, bool]:
        """The plan, and whether it had to be made; what the buffer held is lost then."""
        plan = self.plans.get(request)
        if plan is not None:
            return plan, False
        plan = self.plans[request] = engine(request, *request.views(self.buffer), threads)
        return plan, True


class Workspace(Uncopied):
    """Memory for one field **or** its spectrum; :meth:`FFTWorkspaces.lease` hands it out, uninitialised.

    Write :attr:`field`, call :meth:`forward`, and :attr:`spectrum` holds the transform; write that, call
    :meth:`inverse`, and the field is back. Each destroys what it starts from: complex fields, and real ones whose
    last transformed axis is their last, lie where their spectra lie.

    Writing to the arrays after the release is the caller's error, as with any allocator. A lease that is dropped
    without a release frees its memory.
    """

    __slots__ = ("__weakref__", "_plan", "_pool", "_slot")

    def __init__(self, pool: FFTWorkspaces, slot: Slot, plan: Plan) -> None:
        self._pool = pool
        self._slot: Slot | None = slot
        self._plan: Plan | None = plan

    @property
    def field(self) -> NDArray[Any]:
        """Of the shape and dtype that were asked for. Rows of a real field may lie apart."""
        return self._live.field

    @property
    def spectrum(self) -> NDArray[Any]:
        """Complex; of a real field, from 0 to half of the last transformed axis, as of `numpy.fft.rfftn`."""
        return self._live.spectrum

    @property
    def points(self) -> int:
        """Of one transform: the inverse without its scale gives the field times this number."""
        return self._live.points

    def forward(self) -> NDArray[Any]:
        """The spectrum of the field, unscaled, as of `numpy.fft.fftn` and ``rfftn``."""
        plan = self._live
        plan.forward()
        return plan.spectrum

    def inverse(self, *, scaled: bool = True) -> NDArray[Any]:
        """The field of the spectrum, as of `numpy.fft.ifftn` and ``irfftn``.

        ``scaled=False`` leaves out the factor ``1 / points``, where another factor can take it in.
        """
        plan = self._live
        plan.inverse(scaled)
        return plan.field

    def release(self) -> None:
        """Hand the memory back.

        Raises
        ------
        ValueError
            The second time.
        """
        slot, self._slot = self._slot, None
        if slot is None:
            raise ValueError("got a workspace that was handed back before; release each lease once")
        self._plan = None
        self._pool._take_back(slot)  # noqa: SLF001 - the pool's other half

    def __enter__(self) -> Workspace:
        assert self._live
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def __del__(self) -> None:
        slot = getattr(self, "_slot", None)
        if slot is not None:  # dropped: a view of its memory may live on, so nobody else gets it
            self._pool._lose(slot)  # noqa: SLF001

    @property
    def _live(self) -> Plan:
        if self._plan is None:
            raise ValueError("got a workspace that was handed back; lease another one")
        return self._plan
