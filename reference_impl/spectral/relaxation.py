r"""Dissipative stress that takes a time to follow the flow, in the manner of Israel and Stewart.

In the rest frame of a fluid, to first order in the velocity :math:`u`, with one relaxation time :math:`\tau` for shear
and bulk (W. Israel, J. M. Stewart, Ann. Phys. 118, 341 (1979), equations for the dissipative fluxes without their
couplings):

.. math::

    \tau \, \partial_t \Pi_{ij} + \Pi_{ij} &= -\eta \left( \partial_i u_j + \partial_j u_i
        - \tfrac{2}{3} \delta_{ij} \nabla \cdot u \right) - \zeta \, \delta_{ij} \nabla \cdot u \\
    w \, \partial_t u_i &= -\partial_j \Pi_{ij}

with the shear viscosity :math:`\eta`, the bulk viscosity :math:`\zeta` and the enthalpy density :math:`w`. The right
side of the first line is the stress of Navier and Stokes, which :math:`\tau \to 0` gives back. A mode k of the flow
obeys the telegraph equation :math:`\tau \ddot u + \dot u + \nu k^2 u = 0`, with :math:`\nu = \eta / w` across k and
:math:`\nu = (\tfrac{4}{3} \eta + \zeta) / w` along it: nothing is faster than :math:`\sqrt{\nu / \tau}`.

Velocities have the shape (D, ...) with D axes of space, 1 to 3; stresses (D (D + 1) / 2, ...), the components
:math:`i \le j` row by row: xx, xy, xz, yy, yz, zz. Fields that depend on fewer than three coordinates are those of a
fluid in three dimensions all the same, which is where the 2/3 is from.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from reference_impl.spectral.checks import checked_apart, per_axis
from reference_impl.spectral.derivatives import add_derivative
from reference_impl.spectral.in_place import add_scaled, scale
from reference_impl.spectral.requests import requested

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from reference_impl.memory import ArrayPool
    from reference_impl.spectral.workspaces import FFTWorkspaces

__all__ = ["Fluid", "accelerate", "relax_stress", "relaxation_step"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fluid:
    """Constants of the fluid and the periodic box it fills, in any units that go together.

    Raises
    ------
    ValueError
        For a viscosity below 0, and for a relaxation time, an enthalpy density or a length that is not positive.
    """

    shear_viscosity: float
    bulk_viscosity: float
    relaxation_time: float
    enthalpy_density: float
    lengths: float | Sequence[float]

    def __post_init__(self) -> None:
        for name in ("shear_viscosity", "bulk_viscosity"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(f"got {name}={getattr(self, name)}, allowed: >= 0")
        for name in ("relaxation_time", "enthalpy_density"):
            per_axis(name, getattr(self, name), 1)
        per_axis("lengths", self.lengths, np.size(self.lengths))


def relaxation_step(
    velocity: NDArray[Any],
    stress: NDArray[Any],
    fluid: Fluid,
    time_step: float,
    *,
    workspaces: FFTWorkspaces,
    pool: ArrayPool,
) -> None:
    """Take ``velocity`` and ``stress`` from t to t + ``time_step``, in place, with an error of third order.

    Half of the relaxation, the acceleration, the other half (G. Strang, SIAM J. Numer. Anal. 5, 506 (1968)): each of
    the two is exact while the other waits. The mean velocity is conserved to rounding.

    Parameters
    ----------
    velocity, stress
        See above; float32 or float64, of one dtype. Written.
    time_step
        Any sign; stable while it is shorter than what the fastest mode that the grid holds takes.
    workspaces, pool
        Where temporaries come from: slabs of 0.5 MiB, and one component of the velocity.

    Raises
    ------
    ValueError
        For shapes and dtypes other than these, a ``time_step`` that is not finite, fields that are read-only, and when
        the two share memory. Nothing is written then.
    """
    _checked(velocity, stress, fluid, time_step, written=(velocity, stress))
    relax_stress(stress, velocity, fluid, time_step / 2, workspaces=workspaces, pool=pool)
    accelerate(velocity, stress, fluid, time_step, workspaces=workspaces)
    relax_stress(stress, velocity, fluid, time_step / 2, workspaces=workspaces, pool=pool)


def relax_stress(
    stress: NDArray[Any],
    velocity: NDArray[Any],
    fluid: Fluid,
    duration: float,
    *,
    workspaces: FFTWorkspaces,
    pool: ArrayPool,
) -> None:
    """Let ``stress`` approach that of Navier and Stokes for ``duration``, with ``velocity`` at rest; exact in time."""
    lengths = _checked(velocity, stress, fluid, duration, written=(stress,))
    kept = math.exp(-duration / fluid.relaxation_time)
    shear = -(1 - kept) * fluid.shear_viscosity
    bulk = -(1 - kept) * (fluid.bulk_viscosity - 2 / 3 * fluid.shear_viscosity)
    scale(stress, kept)
    with pool.array(velocity.shape[1:], velocity.dtype, zeroed=True) as expansion:
        for i, length in enumerate(lengths):
            add_derivative(expansion, velocity[i], length, i, workspaces=workspaces)
        for i, j, component in _components(stress, len(lengths)):
            add_derivative(component, velocity[j], lengths[i], i, workspaces=workspaces, factor=shear)
            add_derivative(component, velocity[i], lengths[j], j, workspaces=workspaces, factor=shear)
            if i == j:
                add_scaled(component, expansion, bulk)


def accelerate(
    velocity: NDArray[Any],
    stress: NDArray[Any],
    fluid: Fluid,
    duration: float,
    *,
    workspaces: FFTWorkspaces,
) -> None:
    """Let ``stress``, held as it is, act on ``velocity`` for ``duration``; exact in time."""
    lengths = _checked(velocity, stress, fluid, duration, written=(velocity,))
    factor = -duration / fluid.enthalpy_density
    for i, j, component in _components(stress, len(lengths)):
        add_derivative(velocity[i], component, lengths[j], j, workspaces=workspaces, factor=factor)
        if i != j:
            add_derivative(velocity[j], component, lengths[i], i, workspaces=workspaces, factor=factor)


def _components(stress: NDArray[Any], dimensions: int) -> Iterator[tuple[int, int, NDArray[Any]]]:
    pairs = [(i, j) for i in range(dimensions) for j in range(i, dimensions)]
    for (i, j), component in zip(pairs, stress, strict=True):
        yield i, j, component


def _checked(
    velocity: NDArray[Any],
    stress: NDArray[Any],
    fluid: Fluid,
    duration: float,
    *,
    written: tuple[NDArray[Any], ...],
) -> tuple[float, ...]:
    """Lengths of the box."""
    grid = velocity.shape[1:]
    dimensions = len(grid)
    wanted = (dimensions * (dimensions + 1) // 2, *grid)
    if not 1 <= dimensions <= 3 or len(velocity) != dimensions or stress.shape != wanted:
        told = f"velocity {velocity.shape} and stress {stress.shape}"
        raise ValueError(f"got {told}, allowed: (D, ...) with D = 1 to 3 axes more, and (D (D + 1) / 2, ...)")
    if velocity.dtype.char not in "fd" or stress.dtype != velocity.dtype:
        raise ValueError(f"got {velocity.dtype} and {stress.dtype}, allowed: both float32 or both float64")
    if not math.isfinite(duration):
        raise ValueError(f"got a time step or duration of {duration}, allowed: finite")
    if not all(field.flags.writeable for field in written):
        raise ValueError("got a velocity or stress that is read-only, allowed: what is written can be")
    requested(grid, velocity.dtype)
    checked_apart(velocity, stress)
    return per_axis("lengths", fluid.lengths, dimensions)
