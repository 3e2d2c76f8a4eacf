r"""Derivatives of periodic fields from their Fourier series, line by line.

A field of period L on n points is a sum of :math:`e^{i k x}` with :math:`k = 2 \pi m / L`; its derivative has the same
modes times :math:`i k`. Derivatives of odd order have no mode at n / 2 for an even n, whose sign no grid can tell
(L. N. Trefethen, Spectral Methods in MATLAB, SIAM 2000, chapter 3).

Lines along one axis do not know of each other, so that the work is done in slabs that stay in the caches: memory beside
field and result is that of one slab, whatever the size of the field.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from reference_impl.spectral.checks import checked_apart, checked_components, checked_out, per_axis
from reference_impl.spectral.requests import requested
from reference_impl.spectral.slabs import slabs
from reference_impl.whole import whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from reference_impl.spectral.workspaces import FFTWorkspaces

__all__ = ["SLAB_BYTES", "add_derivative", "spectral_derivative", "spectral_divergence"]

SLAB_BYTES = 2**19


def spectral_derivative(
    values: NDArray[Any],
    length: float,
    axis: int,
    *,
    workspaces: FFTWorkspaces,
    order: int = 1,
    out: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Derivative of a periodic field along one axis, exact for what the grid resolves.

    Parameters
    ----------
    values
        float32, float64, complex64 or complex128, any layout and number of axes; not changed.
    length
        Period along ``axis``; the grid has ``values.shape[axis]`` points and does not repeat the first.
    workspaces
        Where it is computed: one slab of about `SLAB_BYTES`.
    order
        How many times the derivative is taken, >= 1.
    out
        Where the result goes, of the shape and dtype of ``values``, and apart from them.

    Raises
    ------
    ValueError
        For other dtypes, axes and orders, empty values, a length that is not positive, and an ``out`` of another
        shape or dtype, that is read-only or shares memory with ``values``.
    """
    order = whole(order, "order")
    if order < 1:
        raise ValueError(f"got order={order}, allowed: >= 1")
    request = requested(values.shape, values.dtype, axis)
    (length,) = per_axis("length", length, 1)
    out = checked_out(out, values.shape, values.dtype)
    checked_apart(out, values)
    out.fill(0)
    add_derivative(out, values, length, request.axes[0], workspaces=workspaces, order=order)
    return out


def spectral_divergence(
    components: NDArray[Any] | Sequence[NDArray[Any]],
    lengths: float | Sequence[float],
    *,
    workspaces: FFTWorkspaces,
    out: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Sum of the derivatives of each component of a periodic vector field along its own axis.

    Parameters
    ----------
    components
        As many fields of one shape and dtype as they have axes: a sequence, or an array whose first axis counts them.
    lengths
        Periods of the axes, or one for all.
    workspaces, out
        As of `spectral_derivative`.

    Raises
    ------
    ValueError
        As of `spectral_derivative`, and for components that do not go with the axes.
    """
    first = checked_components(components)
    requested(first.shape, first.dtype)
    periods = per_axis("lengths", lengths, first.ndim)
    out = checked_out(out, first.shape, first.dtype)
    for component in components:
        checked_apart(out, component)
    out.fill(0)
    for axis, component in enumerate(components):
        add_derivative(out, component, periods[axis], axis, workspaces=workspaces)
    return out


def add_derivative(  # noqa: PLR0913 - four, and keywords
    out: NDArray[Any],
    values: NDArray[Any],
    length: float,
    axis: int,
    *,
    workspaces: FFTWorkspaces,
    factor: float = 1.0,
    order: int = 1,
) -> None:
    """``out += factor * derivative``, with no memory but that of one slab; arguments are not checked."""
    for part in slabs(values, axis, SLAB_BYTES):
        slab = values[part]
        with workspaces.lease(slab.shape, slab.dtype, axis) as workspace:
            field, spectrum = workspace.field, workspace.spectrum
            field[...] = slab
            workspace.forward()
            wave = _factors(
                values.shape[axis], length, order, factor, spectrum.dtype.char, spectrum.shape[axis]
            )
            np.multiply(spectrum, wave.reshape((-1, *(1,) * (values.ndim - 1 - axis))), out=spectrum)
            workspace.inverse(scaled=False)
            target = out[part]
            np.add(target, field, out=target)


@lru_cache(maxsize=256)
def _factors(n: int, length: float, order: int, factor: float, dtype: str, modes: int) -> NDArray[Any]:
    """``factor * (i k) ** order / n`` for the first ``modes`` of ``n`` wave numbers."""
    wave = 2j * np.pi / length * np.fft.fftfreq(n, 1 / n)
    if n % 2 == 0 and order % 2:
        wave[n // 2] = 0
    table = (wave[:modes] ** order * (factor / n)).astype(dtype)
    table.flags.writeable = False
    return table
