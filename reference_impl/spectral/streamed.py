"""Divergence of fields that no cache holds, past the caches: arguments are not checked.

A processor that writes to memory reads what is there first, a fifth of all that a divergence moves. It need not where
whole lines are overwritten and nobody reads them soon.
"""

from __future__ import annotations

from typing import Any

from reference_impl.backends import jit, jit_inline
from reference_impl.spectral.difference_kernels import Flow, quotient
from reference_impl.vectors.values import drain, lanes, load, prefetch, splat, store, stream

__all__ = ["in_streams", "shortest_row"]

_LINE_BYTES = 64
_AHEAD_BYTES = 4096  # a page of memory, where processors' own foresight ends


def shortest_row(itemsize: int) -> int:
    """Points of a row that :func:`in_streams` can take: a line between its ends, however they lie."""
    return 4 * _LINE_BYTES // itemsize


@jit_inline
def _vector(flow: Flow, near: Any, steps: Any, inverses: Any, exact: bool, k: int) -> Any:  # noqa: FBT001 - numba
    """Of the divergence from the element ``k`` on; all of ``flow`` has one axis."""
    above, below, right, left = near
    return (
        quotient(load(flow.u, k + above) - load(flow.u, k - below), steps[0], inverses[0], exact)
        + quotient(load(flow.v, k + right) - load(flow.v, k - left), steps[1], inverses[1], exact)
        + quotient(load(flow.w, k + 1) - load(flow.w, k - 1), steps[2], inverses[2], exact)
    )


@jit
def in_streams(flow: Flow, first: int, stop: int) -> None:
    """As :func:`reference_impl.spectral.difference_kernels.in_one_pass`, for C-contiguous arrays and long rows.

    The result is aligned to its elements. Lines of it that hold an end of a row are written as usual.
    """
    u, v, w, steps, inverses, out = flow
    planes, rows, length = out.shape
    u, v, w, total = u.reshape(u.size), v.reshape(v.size), w.reshape(w.size), out.reshape(out.size)
    flat = Flow(u, v, w, steps, inverses, total)
    lane, line, ahead = lanes(out), _LINE_BYTES // out.itemsize, _AHEAD_BYTES // out.itemsize
    before = out.ctypes.data // out.itemsize % line  # elements of the line in which the result begins
    exact = inverses.shape[0] > 0
    shares = inverses if exact else steps
    for i in range(first, stop):
        below, above = rows * length * (i > 0), rows * length * (i < planes - 1)
        x = int(0 < i < planes - 1)
        for j in range(rows):
            left, right = length * (j > 0), length * (j < rows - 1)
            y = int(0 < j < rows - 1)
            near = (above, below, right, left)
            by = (splat(steps[0, x]), splat(steps[1, y]), splat(steps[2, 1]))
            times = (splat(shares[0, x]), splat(shares[1, y]), splat(shares[2, 1]))
            begin = (i * rows + j) * length
            end = begin + length - 1
            inner = begin + lane + line - (begin + lane + before) % line
            outer = inner + (end - lane - inner) // line * line
            for since, until in ((begin + 1, inner), (outer, end)):
                for k in range(since, until - lane, lane):
                    store(total, k, _vector(flat, near, by, times, exact, k))
                store(total, until - lane, _vector(flat, near, by, times, exact, until - lane))
            for k in range(inner, outer, line):
                prefetch(u, k + above + ahead)
                prefetch(v, k + right + ahead)
                prefetch(w, k + ahead)
                for part in range(k, k + line, lane):
                    stream(total, part, _vector(flat, near, by, times, exact, part))
            for k in (begin, end):
                across = (u[k + above] - u[k - below]) / steps[0, x]
                across += (v[k + right] - v[k - left]) / steps[1, y]
                total[k] = across + (w[k + (k < end)] - w[k - (k > begin)]) / steps[2, 0]
    drain()
