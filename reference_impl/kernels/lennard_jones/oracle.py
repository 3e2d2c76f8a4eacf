"""The formula in NumPy: arrays over all pairs."""
# ruff: noqa: FBT001, PLR0913, PLR0917 - one signature for every back end

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference_impl.box import image_within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reference_impl.box import Box

__all__ = ["add_forces"]


def add_forces(
    positions: NDArray[np.float64],
    box: Box,
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    cutoff_squared: float,
    forces: NDArray[np.float64],
    is_half: bool,
) -> tuple[float, float]:
    """Overwrite ``forces``; returns energy and virial."""
    i = np.repeat(np.arange(len(positions)), np.diff(indptr))
    j = indices
    r = image_within(positions[i] - positions[j], box)
    r_squared = (r * r).sum(axis=1)
    near = r_squared < cutoff_squared
    i, j, r, r_squared = i[near], j[near], r[near], r_squared[near]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        r6 = r_squared**-3
        energy = 4 * r6 * (r6 - 1)
        pull = 24 * r6 * (2 * r6 - 1) / r_squared  # F = pull * r, minus the derivative of the energy
        forces[...] = 0.0
        np.add.at(forces, i, pull[:, None] * r)
        if is_half:
            np.subtract.at(forces, j, pull[:, None] * r)
        share = 1.0 if is_half else 0.5
        return share * float(energy.sum()), share * float((pull * r_squared).sum())
