"""SciPy's and NumPy's transforms, in place as far as their public functions go.

SciPy transforms complex numbers where they are. Its real transforms always make a new array, so they are done by slabs
that stay in the caches; the other axes follow in place. NumPy makes new arrays in all cases.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from reference_impl.spectral.engines.plan import Plan
from reference_impl.spectral.slabs import slabs

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from reference_impl.spectral.requests import Request

__all__ = ["SLAB_BYTES", "planned_by_numpy", "planned_by_scipy"]

SLAB_BYTES = 2**18  # of a spectrum: half of a common second-level cache


class _Functions(NamedTuple):
    fftn: Callable[..., NDArray[Any]]
    ifftn: Callable[..., NDArray[Any]]
    rfft: Callable[..., NDArray[Any]]
    irfft: Callable[..., NDArray[Any]]


def planned_by_scipy(request: Request, field: NDArray[Any], spectrum: NDArray[Any], threads: int) -> Plan:
    from scipy import fft  # noqa: PLC0415 - an extra

    ways = {"workers": threads, "overwrite_x": True}
    functions = _Functions(*(partial(f, **ways) for f in (fft.fftn, fft.ifftn, fft.rfft, fft.irfft)))
    return _planned(request, field, spectrum, functions)


def planned_by_numpy(request: Request, field: NDArray[Any], spectrum: NDArray[Any], threads: int) -> Plan:  # noqa: ARG001
    """``threads`` have no meaning to NumPy."""
    functions = _Functions(np.fft.fftn, np.fft.ifftn, np.fft.rfft, np.fft.irfft)
    return _planned(request, field, spectrum, functions)


def _planned(request: Request, field: NDArray[Any], spectrum: NDArray[Any], functions: _Functions) -> Plan:
    if not request.is_real:

        def forward() -> None:
            _put(functions.fftn(field, axes=request.axes), spectrum)

        def inverse(is_scaled: bool) -> None:  # noqa: FBT001 - see Plan
            _put(functions.ifftn(spectrum, axes=request.axes, norm=_norm(is_scaled)), field)

        return Plan(field, spectrum, request.points, forward, inverse)

    *others, half = request.axes
    pairs = [(field[part], spectrum[part]) for part in slabs(spectrum, half, SLAB_BYTES)]

    def forward_real() -> None:
        for real, complex_ in pairs:
            complex_[...] = functions.rfft(real, axis=half)
        if others:
            _put(functions.fftn(spectrum, axes=others), spectrum)

    def inverse_real(is_scaled: bool) -> None:  # noqa: FBT001 - see Plan
        norm = _norm(is_scaled)
        if others:
            _put(functions.ifftn(spectrum, axes=others, norm=norm), spectrum)
        for real, complex_ in pairs:
            real[...] = functions.irfft(complex_, n=request.shape[half], axis=half, norm=norm)

    return Plan(field, spectrum, request.points, forward_real, inverse_real)


def _norm(is_scaled: bool) -> str:  # noqa: FBT001
    return "backward" if is_scaled else "forward"


def _put(result: NDArray[Any], target: NDArray[Any]) -> None:
    if not np.may_share_memory(result, target):  # that SciPy works in place is an offer, not a promise
        target[...] = result
