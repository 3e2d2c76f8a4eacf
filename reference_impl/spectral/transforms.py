"""Transforms of arrays that lie anywhere, through a workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reference_impl.spectral.checks import checked_out
from reference_impl.spectral.requests import requested
from reference_impl.whole import whole

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray

    from reference_impl.spectral.workspaces import FFTWorkspaces

__all__ = ["forward_transform", "inverse_transform"]

_FIELDS: dict[str, np.dtype[Any]] = {"F": np.dtype(np.float32), "D": np.dtype(np.float64)}


def forward_transform(
    values: ArrayLike,
    *,
    workspaces: FFTWorkspaces,
    axes: int | Iterable[int] | None = None,
    out: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """`numpy.fft.fftn` of complex, `numpy.fft.rfftn` of real ``values``; the values are not changed.

    Parameters
    ----------
    values
        float32, float64, complex64 or complex128 of any layout; the spectrum has the same precision.
    workspaces
        Where the transform is computed. Who writes into the field of a workspace saves the two copies made here.
    axes
        All by default; of real values the last of them is the one of which half is given.
    out
        Where the result goes, of its shape and dtype. It may be ``values`` itself.

    Raises
    ------
    ValueError
        For other dtypes, axes that are not there or named twice, empty values, and an ``out`` of another shape or
        dtype or that is read-only.
    """
    values = np.asarray(values)
    request = requested(values.shape, values.dtype, axes)
    out = checked_out(out, request.spectrum_shape, request.spectrum_dtype)
    with workspaces.lease(values.shape, values.dtype, axes) as workspace:
        workspace.field[...] = values
        out[...] = workspace.forward()
    return out


def inverse_transform(
    spectrum: ArrayLike,
    *,
    workspaces: FFTWorkspaces,
    axes: int | Iterable[int] | None = None,
    real_length: int | None = None,
    out: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """`numpy.fft.ifftn` of ``spectrum``, or ``irfftn`` where ``real_length`` is given; the spectrum is not changed.

    Parameters
    ----------
    spectrum
        complex64 or complex128 of any layout.
    workspaces, axes, out
        As of `forward_transform`.
    real_length
        Length of the real field along the last of ``axes``: ``n`` of a half that ends at ``n // 2``.

    Raises
    ------
    ValueError
        As of `forward_transform`, and for a ``real_length`` whose half is not the one given.
    """
    spectrum = np.asarray(spectrum)
    if spectrum.dtype.char not in _FIELDS:
        raise ValueError(f"got a spectrum of dtype {spectrum.dtype}, allowed: complex64, complex128")
    request = requested(spectrum.shape, spectrum.dtype, axes)
    if real_length is not None:
        shape, half = list(request.shape), request.axes[-1]
        real_length = whole(real_length, "real_length")
        if real_length < 1 or real_length // 2 + 1 != shape[half]:
            longest = 2 * shape[half] - 1
            allowed = f"{longest - 1} or {longest}" if longest > 1 else "1"
            raise ValueError(
                f"got real_length={real_length} of {shape[half]} along axis {half}, allowed: {allowed}"
            )
        shape[half] = real_length
        request = requested(shape, _FIELDS[spectrum.dtype.char], request.axes)
    out = checked_out(out, request.shape, request.dtype)
    with workspaces.lease(request.shape, request.dtype, request.axes) as workspace:
        workspace.spectrum[...] = spectrum
        out[...] = workspace.inverse()
    return out
