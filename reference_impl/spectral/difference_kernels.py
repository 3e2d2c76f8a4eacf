"""Two ways to the divergence of `divergence`, which round alike; arguments are not checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from reference_impl.backends import jit, jit_inline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Flow", "by_slices", "in_one_pass", "quotient"]


class Flow(NamedTuple):
    """Components along three axes, the spacings of the grid, and where the divergence goes."""

    u: NDArray[Any]
    v: NDArray[Any]
    w: NDArray[Any]
    steps: NDArray[Any]  # the spacing and twice the spacing of each axis, shape (3, 2)
    inverses: NDArray[Any]  # of the steps where they are exact, else empty
    out: NDArray[Any]


@jit_inline
def quotient(difference: Any, step: Any, inverse: Any, has_inverses: bool) -> Any:  # noqa: FBT001 - numba
    """A product costs a fifth of a quotient, and rounds like it where the inverse is a power of two."""
    if has_inverses:
        return difference * inverse
    return difference / step


@jit
def in_one_pass(flow: Flow, first: int, stop: int) -> None:
    """Planes ``first`` to ``stop - 1`` of the result."""
    u, v, w, steps, inverses, out = flow
    planes, rows, length = out.shape
    exact = inverses.shape[0] > 0
    shares = inverses if exact else steps
    z, one_over_z = steps[2, 1], shares[2, 1]
    for i in range(first, stop):
        below, above = max(i - 1, 0), min(i + 1, planes - 1)
        x, one_over_x = steps[0, above - below - 1], shares[0, above - below - 1]
        for j in range(rows):
            left, right = max(j - 1, 0), min(j + 1, rows - 1)
            y, one_over_y = steps[1, right - left - 1], shares[1, right - left - 1]
            u_low, u_high, v_low, v_high = u[below, j], u[above, j], v[i, left], v[i, right]
            along, total = w[i, j], out[i, j]
            for k in range(1, length - 1):
                total[k] = (
                    quotient(u_high[k] - u_low[k], x, one_over_x, exact)
                    + quotient(v_high[k] - v_low[k], y, one_over_y, exact)
                    + quotient(along[k + 1] - along[k - 1], z, one_over_z, exact)
                )
            for k in (0, length - 1):
                near, far = max(k - 1, 0), min(k + 1, length - 1)
                across = (u_high[k] - u_low[k]) / x + (v_high[k] - v_low[k]) / y
                total[k] = across + (along[far] - along[near]) / steps[2, 0]


def by_slices(
    components: NDArray[Any] | Sequence[NDArray[Any]], steps: NDArray[Any], out: NDArray[Any]
) -> None:
    """The twin to read, for any number of axes: plane by plane of the first, so that a plane is all it takes.

    ``steps`` as of a :class:`Flow`.
    """
    if out.ndim == 1:
        _difference(components[0], steps[0], 0, out)
        return
    last = len(out) - 1
    scratch = np.empty(out.shape[1:], out.dtype)
    for i, plane in enumerate(out):
        below, above = max(i - 1, 0), min(i + 1, last)
        np.subtract(components[0][above], components[0][below], out=plane)
        np.divide(plane, steps[0, above - below - 1], out=plane)
        for axis in range(1, out.ndim):
            _difference(components[axis][i], steps[axis], axis - 1, scratch)
            np.add(plane, scratch, out=plane)


def _difference(values: NDArray[Any], steps: NDArray[Any], axis: int, out: NDArray[Any]) -> None:
    """`numpy.gradient` along one axis."""
    values, out = np.moveaxis(values, axis, 0), np.moveaxis(out, axis, 0)
    for high, low, target, step in (
        (values[2:], values[:-2], out[1:-1], steps[1]),
        (values[1:2], values[:1], out[:1], steps[0]),
        (values[-1:], values[-2:-1], out[-1:], steps[0]),
    ):
        np.subtract(high, low, out=target)
        np.divide(target, step, out=target)
