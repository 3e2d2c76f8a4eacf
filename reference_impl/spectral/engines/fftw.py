"""FFTW's plans, made for the very memory of a workspace (M. Frigo, S. G. Johnson, Proc. IEEE 93, 216 (2005))."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reference_impl.spectral.engines.plan import Plan

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reference_impl.spectral.requests import Request

__all__ = ["planned_by_fftw"]


def planned_by_fftw(
    request: Request,
    field: NDArray[Any],
    spectrum: NDArray[Any],
    threads: int,
    *,
    effort: str = "FFTW_MEASURE",
) -> Plan:
    """Plans that are measured; a request is planned in milliseconds the second time, from FFTW's own memory of it.

    Planning overwrites field and spectrum.
    """
    import pyfftw  # noqa: PLC0415 - an extra

    def plan(source: NDArray[Any], target: NDArray[Any], direction: str) -> Any:
        flags = (effort, "FFTW_DESTROY_INPUT")
        return pyfftw.FFTW(
            source, target, axes=request.axes, direction=direction, flags=flags, threads=threads
        )

    forward = plan(field, spectrum, "FFTW_FORWARD")
    backward = plan(spectrum, field, "FFTW_BACKWARD")
    scale = np.array(1.0 / request.points, field.real.dtype)

    def inverse(is_scaled: bool) -> None:  # noqa: FBT001 - see Plan
        backward.execute()
        if is_scaled:
            np.multiply(field, scale, out=field)

    return Plan(field, spectrum, request.points, forward.execute, inverse)
