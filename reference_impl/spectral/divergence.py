"""Divergence by finite differences: the numbers of `numpy.gradient` in one pass, without its temporaries."""

from __future__ import annotations

from functools import lru_cache, partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from reference_impl.backends import HAS_NUMBA
from reference_impl.spectral.checks import checked_apart, checked_components, checked_out, per_axis
from reference_impl.spectral.difference_kernels import Flow, by_slices, in_one_pass
from reference_impl.threads import checked_threads, run_at_once

if HAS_NUMBA:
    from reference_impl.spectral.streamed import in_streams, shortest_row

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

__all__ = ["divergence"]

_HELD_BY_CACHES = (
    48 * 2**20
)  # bytes of components and result: what processors of today hold for a core, at most
_WORTH_A_THREAD = 2**19  # points: to wake one costs what it saves on 100,000


def divergence(
    components: NDArray[Any] | Sequence[NDArray[Any]],
    spacing: float | Sequence[float] = 1.0,
    *,
    out: NDArray[Any] | None = None,
    threads: int = 1,
) -> NDArray[Any]:
    """``sum(numpy.gradient(component, spacing, axis=axis) for axis, component in enumerate(components))``, bit for bit.

    Differences are central, of second order, and one-sided of first order in the first and last points of an axis.
    NumPy 1 rounds the two ends of a single line of float32 otherwise than NumPy 2 and this.

    Parameters
    ----------
    components
        As many fields of one shape and dtype as they have axes, float32 or float64: a sequence, or an array whose
        first axis counts them. ``numpy.moveaxis(field, -1, 0)`` is that of an interleaved field. Fastest where each
        is C-contiguous.
    spacing
        Of the grid along each axis, or one for all. Powers of two are fastest: quotients are products there.
    out
        Where the result goes, of the shape and dtype of a component, and apart from them. Nothing is allocated then
        for fields with three axes where numba is installed; else one plane of the first axis.
    threads
        How many may work together on three axes where numba is installed; half a million points keep one busy.

    Raises
    ------
    ValueError
        For components that do not go with the axes, other dtypes, axes of less than two points, a spacing that is
        not positive, an ``out`` of another shape or dtype, that is read-only or shares memory with a component, and
        ``threads`` below 1.
    """
    first = checked_components(components)
    if first.dtype.char not in "fd" or not first.dtype.isnative:
        raise ValueError(
            f"got dtype {first.dtype.str}, allowed: float32, float64, in this machine's byte order"
        )
    if min(first.shape) < 2:
        raise ValueError(f"got shape {first.shape}, allowed: two points or more along each axis")
    threads = checked_threads(threads)
    steps, inverses = _steps(per_axis("spacing", spacing, first.ndim), first.dtype.char)
    out = checked_out(out, first.shape, first.dtype)
    for component in components:
        checked_apart(out, component)
    if HAS_NUMBA and first.ndim == 3:
        u, v, w = components
        parts = min(threads, len(out), 1 + out.size // _WORTH_A_THREAD)
        ends = [len(out) * part // parts for part in range(parts + 1)]
        kernel = partial(_kernel_for(components, out), Flow(u, v, w, steps, inverses, out))
        run_at_once([partial(kernel, first, stop) for first, stop in pairwise(ends)])
    else:
        by_slices(components, steps, out)
    return out


def _kernel_for(components: NDArray[Any] | Sequence[NDArray[Any]], out: NDArray[Any]) -> Callable[..., None]:
    if (len(components) + 1) * out.nbytes <= _HELD_BY_CACHES or out.shape[-1] < shortest_row(out.itemsize):
        return in_one_pass
    is_plain = out.flags.carray and all(component.flags.c_contiguous for component in components)
    return in_streams if is_plain else in_one_pass


@lru_cache(maxsize=64)
def _steps(spacings: tuple[float, ...], dtype: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Spacings and twice the spacings, shape (axes, 2), and their inverses where all are exact, else none."""
    steps = np.multiply.outer(spacings, (1.0, 2.0)).astype(dtype)
    mantissas, exponents = np.frexp(steps)
    are_exact = (np.abs(mantissas) == 0.5).all() and (np.abs(exponents) < 100).all()
    return steps, 1 / steps if are_exact else np.empty((0, 2), dtype)
