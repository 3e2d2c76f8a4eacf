"""The step of `relaxation` as one writes it down with NumPy: the twin to read, in as much memory as it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reference_impl.spectral.checks import per_axis

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reference_impl.spectral.relaxation import Fluid

__all__ = ["plain_relaxation_step"]


def plain_relaxation_step(
    velocity: NDArray[Any], stress: NDArray[Any], fluid: Fluid, time_step: float
) -> tuple[NDArray[Any], NDArray[Any]]:
    """New velocity and stress. Contract: see `relaxation.relaxation_step`."""
    dimensions = velocity.ndim - 1
    lengths = per_axis("lengths", fluid.lengths, dimensions)
    pairs = [(i, j) for i in range(dimensions) for j in range(i, dimensions)]
    place = {pair: k for k, (i, j) in enumerate(pairs) for pair in ((i, j), (j, i))}
    kept = np.exp(-0.5 * time_step / fluid.relaxation_time)

    stress = kept * stress + (1 - kept) * _of_navier_stokes(velocity, fluid, lengths)
    gradient = np.stack(
        [
            [_derivative(stress[place[i, j]], lengths[j], j) for j in range(dimensions)]
            for i in range(dimensions)
        ]
    )
    force = -gradient.sum(axis=1)
    velocity = velocity + time_step / fluid.enthalpy_density * force
    stress = kept * stress + (1 - kept) * _of_navier_stokes(velocity, fluid, lengths)
    return velocity, stress


def _of_navier_stokes(velocity: NDArray[Any], fluid: Fluid, lengths: tuple[float, ...]) -> NDArray[Any]:
    dimensions = len(lengths)
    gradient = np.stack(
        [
            np.stack([_derivative(component, length, i) for component in velocity])
            for i, length in enumerate(lengths)
        ]
    )
    expansion = np.trace(gradient)
    shear = gradient + np.swapaxes(gradient, 0, 1)
    for i in range(dimensions):
        shear[i, i] -= 2 / 3 * expansion
    stress: NDArray[Any] = -fluid.shear_viscosity * shear[np.triu_indices(dimensions)]
    diagonal = [k for k, (i, j) in enumerate(zip(*np.triu_indices(dimensions), strict=True)) if i == j]
    stress[diagonal] -= fluid.bulk_viscosity * expansion
    return stress


def _derivative(values: NDArray[Any], length: float, axis: int) -> NDArray[Any]:
    n = values.shape[axis]
    wave = 2j * np.pi / length * np.arange(n // 2 + 1)
    if n % 2 == 0:
        wave[-1] = 0
    spectrum = np.fft.rfft(values, axis=axis)
    spectrum = wave.reshape(-1, *(1,) * (values.ndim - 1 - axis)) * spectrum
    return np.fft.irfft(spectrum, n=n, axis=axis)
