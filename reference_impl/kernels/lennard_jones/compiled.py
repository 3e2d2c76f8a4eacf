"""The same as one loop over the rows of the list."""
# ruff: noqa: FBT001, PLR0913, PLR0917 - one signature for every back end

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_impl.backends import jit
from reference_impl.box import nearest_image

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from reference_impl.box import Box

__all__ = ["add_forces"]


@jit
def add_forces(
    positions: NDArray[np.float64],
    box: Box,
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    cutoff_squared: float,
    forces: NDArray[np.float64],
    is_half: bool,
) -> tuple[float, float]:
    """As :func:`reference_impl.kernels.lennard_jones.oracle.add_forces`."""
    energy, virial = 0.0, 0.0
    forces[:] = 0.0
    for i in range(len(positions)):
        x, y, z = positions[i, 0], positions[i, 1], positions[i, 2]
        fx, fy, fz = 0.0, 0.0, 0.0
        for k in range(indptr[i], indptr[i + 1]):
            j = indices[k]
            dx, dy, dz = x - positions[j, 0], y - positions[j, 1], z - positions[j, 2]
            dx, dy, dz = nearest_image(dx, dy, dz, box)
            r_squared = dx * dx + dy * dy + dz * dz
            if r_squared < cutoff_squared:
                r2 = 1 / r_squared
                r6 = r2 * r2 * r2
                pull = 24 * r6 * (2 * r6 - 1) * r2
                energy += 4 * r6 * (r6 - 1)
                virial += pull * r_squared
                fx += pull * dx
                fy += pull * dy
                fz += pull * dz
                if is_half:
                    forces[j, 0] -= pull * dx
                    forces[j, 1] -= pull * dy
                    forces[j, 2] -= pull * dz
        forces[i, 0] += fx
        forces[i, 1] += fy
        forces[i, 2] += fz
    return (energy, virial) if is_half else (0.5 * energy, 0.5 * virial)
