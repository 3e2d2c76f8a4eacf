"""What a solver does to fields and spectra where they are, without a temporary of their size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reference_impl.spectral.requests import requested

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = ["add_scaled", "dealias", "scale"]


def scale(values: NDArray[Any], factor: complex) -> None:
    """``values *= factor``, in the precision of the values.

    Raises
    ------
    ValueError
        For values that are no floats or complex numbers, and a complex factor of real ones.
    """
    np.multiply(values, _as_one_of(values, factor), out=values)


def add_scaled(out: NDArray[Any], values: NDArray[Any], factor: complex) -> None:
    """``out += factor * values``, a few thousand elements at a time; ``values`` may be ``out`` itself.

    Raises
    ------
    ValueError
        When shapes or dtypes differ, where the two overlap otherwise, and as of :func:`scale`.
    """
    if (out.shape, out.dtype) != (values.shape, values.dtype):
        told = f"{values.dtype} {values.shape} to add to {out.dtype} {out.shape}"
        raise ValueError(f"got {told}, allowed: the same shape and dtype")
    number = _as_one_of(out, factor)
    if np.shares_memory(out, values) and out.__array_interface__ != values.__array_interface__:
        raise ValueError("got values that share some memory with out, allowed: out itself, or values apart")
    flags: Any = ("buffered", "external_loop", "zerosize_ok")
    access: Any = (("readwrite",), ("readonly",))
    with np.nditer([out, values], flags, access) as chunks:
        for total, summand in chunks:
            np.add(total, number * summand, out=total)


def _as_one_of(values: NDArray[Any], factor: complex) -> Any:
    kind = values.dtype.kind
    if kind not in "fc" or (kind == "f" and np.imag(factor)):
        told = f"factor {factor} of {values.dtype}"
        raise ValueError(f"got {told}, allowed: real ones of floats, and any of complex numbers")
    return values.dtype.type(np.real(factor) if kind == "f" else factor)


def dealias(spectrum: NDArray[Any], shape: Iterable[int], axes: int | Iterable[int] | None = None) -> None:
    """Remove the modes that a product of two fields would fold onto others: the 2/3 rule, in place.

    Modes :math:`m` with :math:`3 |m| < n` stay along an axis of n points: sums of two of them that the grid takes
    for another mode fall on those that are removed (S. A. Orszag, J. Atmos. Sci. 28, 1074 (1971)).

    Parameters
    ----------
    spectrum
        As of `Workspace.spectrum` or `forward_transform`.
    shape
        Of the field.
    axes
        That were transformed, by default all.

    Raises
    ------
    ValueError
        When the spectrum is not one of such a field, and as of `forward_transform`.
    """
    request = requested(shape, spectrum.dtype, axes)
    half = list(request.shape)
    half[request.axes[-1]] = half[request.axes[-1]] // 2 + 1
    if spectrum.shape not in {request.shape, tuple(half)}:
        told = f"a spectrum of shape {spectrum.shape} for a field of shape {request.shape}"
        raise ValueError(f"got {told}, allowed: {request.shape} or, of a real field, {tuple(half)}")
    for axis in request.axes:
        n = request.shape[axis]
        kept = (n - 1) // 3
        end = n - kept if spectrum.shape[axis] == n else None
        np.moveaxis(spectrum, axis, 0)[kept + 1 : end] = 0
