"""Eight atoms at a time: distances as one vector, hits packed without a branch.

Two faces with one contract, tested against each other: ``*_portable`` for every processor, ``*_vector`` where
it has AVX2 (elsewhere the same functions again). The vector path leans on three instructions: a compare, its
eight bits as an integer, and a permutation that moves the hits to the front, looked up by those bits.
"""
# ruff: noqa: PLR0913, PLR0917 - inner loops take what they need in registers

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reference_impl.backends import HAS_AVX2, jit

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LANES", "count_portable", "count_vector", "sweep_portable", "sweep_vector"]

LANES = 8  # arrays that are swept are longer by this much: the last vector reads, and writes, past the end


@jit
def count_portable(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    z: NDArray[np.float64],
    first: int,
    stop: int,
    center: tuple[float, float, float],
    limits: tuple[float, float],
) -> tuple[int, int]:
    """How many of the atoms ``first:stop`` have a squared distance below each of two limits."""
    inside, maybe = 0, 0
    for j in range(first, stop):
        dx, dy, dz = x[j] - center[0], y[j] - center[1], z[j] - center[2]
        squared = dx * dx + dy * dy + dz * dz
        inside += squared < limits[0]
        maybe += squared < limits[1]
    return inside, maybe


@jit
def sweep_portable(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    z: NDArray[np.float64],
    names: NDArray[np.int32],
    first: int,
    stop: int,
    center: tuple[float, float, float],
    limit: float,
    found: NDArray[np.int32],
    k: int,
) -> int:
    """Write the names of the atoms ``first:stop`` below ``limit`` to ``found[k:]``; returns the new ``k``."""
    for j in range(first, stop):
        dx, dy, dz = x[j] - center[0], y[j] - center[1], z[j] - center[2]
        found[k] = names[j]  # always written, kept only when counted: no branch to mispredict
        k += dx * dx + dy * dy + dz * dz < limit
    return k


count_vector: Any = count_portable
sweep_vector: Any = sweep_portable

if HAS_AVX2:
    from reference_impl.neighbors import vector_ir

    _bits_set: Any = vector_ir.bits_set
    _hit_bits: Any = vector_ir.hit_bits
    _pack: Any = vector_ir.pack
    _FRONT = np.array(  # row: eight bits; columns: the lanes whose bits are set, then anything
        [sorted(range(LANES), key=lambda lane, bits=bits: not bits >> lane & 1) for bits in range(256)],  # type: ignore[misc]
        np.int32,
    )

    @jit
    def _count_vector(x: Any, y: Any, z: Any, first: Any, stop: Any, center: Any, limits: Any) -> Any:
        inside, maybe = 0, 0
        for j in range(first, stop, LANES):
            valid = (1 << min(stop - j, LANES)) - 1
            inside += _bits_set(_hit_bits(x, y, z, j, center[0], center[1], center[2], limits[0]) & valid)
            maybe += _bits_set(_hit_bits(x, y, z, j, center[0], center[1], center[2], limits[1]) & valid)
        return inside, maybe

    @jit
    def _sweep_vector(
        x: Any, y: Any, z: Any, names: Any, first: Any, stop: Any, center: Any, limit: Any, found: Any, k: Any
    ) -> Any:
        for j in range(first, stop, LANES):
            valid = (1 << min(stop - j, LANES)) - 1
            bits = _hit_bits(x, y, z, j, center[0], center[1], center[2], limit) & valid
            _pack(names, j, _FRONT, bits, found, k)
            k += _bits_set(bits)
        return k

    count_vector, sweep_vector = _count_vector, _sweep_vector
