"""The integrator: half a kick, a drift, half a kick (W. C. Swope et al., J. Chem. Phys. 76, 637 (1982))."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_impl.backends import jit
from reference_impl.neighbors.sort import wrap

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["kick", "kick_and_drift"]


@jit
def kick(velocities: NDArray[np.float64], forces: NDArray[np.float64], time: float) -> None:
    """Accelerate atoms of unit mass for ``time``, in place; shapes (N, 3)."""
    for i in range(len(velocities)):
        for axis in range(3):
            velocities[i, axis] += time * forces[i, axis]


@jit
def kick_and_drift(
    positions: NDArray[np.float64],
    velocities: NDArray[np.float64],
    forces: NDArray[np.float64],
    lengths: NDArray[np.float64],
    step: float,
) -> None:
    """Accelerate for half a ``step``, then move for a whole one, back into the box along periodic axes; in place."""
    for i in range(len(positions)):
        for axis in range(3):
            velocities[i, axis] += 0.5 * step * forces[i, axis]
            positions[i, axis] = wrap(positions[i, axis] + step * velocities[i, axis], lengths[axis])
