"""Particles that hop on a lattice, and what takes them out at its ends."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from reference_impl.quantum.hamiltonian import HamiltonianBuilder
from reference_impl.quantum.symmetry import Symmetry
from reference_impl.whole import whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray
    from scipy import sparse

__all__ = ["absorbing_layer", "tight_binding"]


def absorbing_layer(lengths: Sequence[int], *, width: int, strength: float) -> NDArray[np.float64]:
    """Quadratic absorbing potential along all edges: ``strength * (depth / width)**2``, summed over the axes.

    ``depth`` counts from 0 where the layer begins to ``width`` at the last site. Subtracted as -i times itself from
    the diagonal (U. V. Riss and H.-D. Meyer, J. Phys. B 26, 4503 (1993)), it absorbs what comes to the edges.

    Returns
    -------
    numpy.ndarray
        Energies, shape ``lengths``, zero inside.
    """
    lengths = [whole(length, "length") for length in lengths]
    if not 1 <= width <= min(lengths):
        raise ValueError(f"got width={width}, allowed: 1 to {min(lengths)}")
    if not 0 <= strength < math.inf:
        raise ValueError(f"got strength={strength}, allowed: finite, at least 0")
    total = np.zeros(tuple(lengths))
    for axis, length in enumerate(lengths):
        site = np.arange(length)
        depth = np.maximum(width - np.minimum(site, length - 1 - site), 0)
        along = [1] * len(lengths)
        along[axis] = length
        total += (strength * (depth / width) ** 2).reshape(along)
    return total


def tight_binding(
    lengths: Sequence[int],
    *,
    hopping: complex = 1.0,
    potential: ArrayLike = 0.0,
    absorber: ArrayLike | None = None,
    memory_bytes: int = 2**30,
) -> sparse.csr_array:
    """Nearest neighbors on a rectangular lattice with hard walls: H = -hopping sum |i><j| + potential - i absorber.

    Parameters
    ----------
    lengths
        Sites along each axis; states are numbered with the last axis fastest.
    hopping
        An energy. Complex, it is conjugated backwards in a closed system and not in an open one.
    potential, absorber
        Energies, broadcast to ``lengths``. With an absorber, as of `absorbing_layer`, the matrix is complex symmetric;
        without, Hermitian.
    memory_bytes
        As of `HamiltonianBuilder`.
    """
    shape = tuple(whole(length, "length") for length in lengths)
    if not shape or min(shape) < 1:
        raise ValueError(f"got lengths={lengths}, allowed: one or more, all at least 1")
    sites = np.arange(math.prod(shape)).reshape(shape)
    symmetry = Symmetry.HERMITIAN if absorber is None else Symmetry.COMPLEX_SYMMETRIC
    is_real = absorber is None and not complex(hopping).imag
    builder = HamiltonianBuilder(
        sites.size, symmetry, dtype=np.float64 if is_real else np.complex128, memory_bytes=memory_bytes
    )
    diagonal = np.broadcast_to(potential, shape)
    if absorber is not None:
        diagonal = diagonal - 1j * np.broadcast_to(absorber, shape)
    builder.extend(sites, sites, diagonal)
    for axis, length in enumerate(shape):
        here, there = (sites.take(range(*ends), axis) for ends in ((length - 1,), (1, length)))
        builder.extend(here, there, -hopping)
    return builder.build()
