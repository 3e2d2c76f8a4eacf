"""Which stretches of sorted atoms can be near one atom, and which of their atoms are.

Two faces with one contract, tested against each other: ``*_portable`` for every processor and precision, and
``plan_vector`` with ``sweep_vector`` for float32 where the processor has AVX2 or AVX-512 (elsewhere they are the
portable ones again).
"""
# ruff: noqa: PLR0913, PLR0917 - inner loops take what they need in registers

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reference_impl.backends import HAS_AVX2, HAS_AVX512, jit_inline

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "FRONT",
    "LANES",
    "copy",
    "copy_portable",
    "count_vector",
    "plan_portable",
    "plan_vector",
    "prefetch",
    "sweep_portable",
    "sweep_vector",
]

LANES = (
    16 if HAS_AVX512 else 8
)  # atoms per vector; rows are longer by as much, for a vector reads past its end


@jit_inline
def plan_portable(
    low: NDArray[Any],
    high: NDArray[Any],
    front: NDArray[Any],
    along: NDArray[Any],
    base: NDArray[np.int32],
    numbers: NDArray[Any],
    starts: NDArray[np.int32],
    block: int,
    i: int,
    x: float,
    y: float,
    z: float,
    begin: NDArray[np.int32],
    end: NDArray[np.int32],
    at: int,
) -> None:
    """Stretches of sorted atoms near atom ``i`` at (x, y, z), in eight rows of the stencil from ``8 * block`` on.

    The arrays are those of the `Stencil`; ``begin`` and ``end`` take the answer, that of row ``s`` at ``at + s``.
    """
    outer, per_length, ghosts, columns, length = numbers
    zero, one = low.dtype.type(0), low.dtype.type(1)
    for s in range(8 * block, 8 * block + 8):
        across = max(low[s] - y, y - high[s], zero)
        ahead = max(front[s] - z, zero)
        left = outer - (across * across + ahead * ahead)
        if left <= zero:
            begin[at + s] = end[at + s] = 0
            continue
        width = np.sqrt(left)
        seen = x - along[s]
        if seen < zero:
            seen += length
        first = min(max((seen - width) * per_length + ghosts, zero), columns)
        last = min(max((seen + width) * per_length + ghosts + one, zero), columns)
        begin[at + s], end[at + s] = starts[base[s] + int(first)], starts[base[s] + int(last)]
    if block == 0:
        begin[at] = i + 1  # of its own row only the atoms behind it


@jit_inline
def sweep_portable(
    x: NDArray[Any],
    y: NDArray[Any],
    z: NDArray[Any],
    labels: NDArray[np.int32],
    begin: NDArray[np.int32],
    end: NDArray[np.int32],
    at: int,
    members: NDArray[np.int32],
    group: int,
    blocks: int,
    cx: float,
    cy: float,
    cz: float,
    inner: float,
    outer: float,
    front: NDArray[np.uint8],  # noqa: ARG001 - this and `todo` are the vectors' business
    todo: NDArray[np.int32],  # noqa: ARG001
    found: NDArray[np.int32],
    k: int,
) -> tuple[int, bool]:
    """Write the labels of what is below ``outer`` from (cx, cy, cz) to ``found[k:]``.

    Returns the new ``k``, and whether rounding could tell otherwise of any, because it is not below ``inner``.
    """
    before, certain = k, 0
    for s in range(8 * blocks):
        if members[group, s] == 0:
            continue
        for j in range(begin[at + s], end[at + s]):
            dx, dy, dz = cx - x[j], cy - y[j], cz - z[j]
            squared = dx * dx + dy * dy + dz * dz
            found[k] = labels[j]  # always written, kept only when counted: no branch to mispredict
            k += squared < outer
            certain += squared < inner
    return k, k - before != certain


@jit_inline
def copy_portable(source: NDArray[np.int32], k: int, target: NDArray[np.int32], n: int, size: int) -> None:
    """``target[n:n + size] = source[k:k + size]``."""
    for m in range(size):
        target[n + m] = source[k + m]


@jit_inline
def prefetch_portable(array: NDArray[Any], k: int) -> None:
    """Ask for the cache line of ``array[k]``, or do not; never fails, whatever ``k``."""


copy: Any = copy_portable
prefetch: Any = prefetch_portable
plan_vector: Any = plan_portable
sweep_vector: Any = sweep_portable
count_vector: Any = sweep_portable  # the same, but may leave ``found`` as it is
FRONT: NDArray[np.uint8] = np.zeros(1, np.uint8)

if HAS_AVX2:
    from reference_impl.neighbors import memory_ir, sweep_ir

    plan_vector, sweep_vector, FRONT = sweep_ir.plan, sweep_ir.make_sweep(LANES), sweep_ir.FRONT
    count_vector, prefetch = sweep_ir.make_sweep(LANES, writes=False), memory_ir.prefetch
    _copy_eight: Any = memory_ir.copy_eight

    @jit_inline
    def copy(source: NDArray[np.int32], k: int, target: NDArray[np.int32], n: int, size: int) -> None:
        if size < 8:
            copy_portable(source, k, target, n, size)
            return
        for m in range(0, size - 8, 8):
            _copy_eight(source, k + m, target, n + m)
        _copy_eight(source, k + size - 8, target, n + size - 8)  # over what is copied already
