"""Fourier transforms and derivatives of fields on grids, in memory that is reused.

=======================================================  =====================================================
name                                                     memory beside its arguments and its result
=======================================================  =====================================================
:class:`FFTWorkspaces`                                   leases + idle workspaces, these up to ``max_bytes``
:class:`Workspace`                                       one spectrum; nothing per transform with FFTW
:func:`forward_transform`, :func:`inverse_transform`     one workspace
:func:`spectral_derivative`, :func:`spectral_divergence` one slab of 0.5 MiB, whatever the size of the field
:func:`divergence`                                       nothing; with NumPy alone one plane of the first axis
:func:`scale`, :func:`add_scaled`, :func:`dealias`       nothing, 64 KiB, nothing
:func:`relaxation_step`                                  one component of the velocity, and slabs
=======================================================  =====================================================

Who transforms is chosen by name, see `reference_impl.spectral.engines`. Speed: ``benchmarks/spectral/``.
"""

from reference_impl.spectral.derivatives import spectral_derivative, spectral_divergence
from reference_impl.spectral.divergence import divergence
from reference_impl.spectral.in_place import add_scaled, dealias, scale
from reference_impl.spectral.relaxation import Fluid, accelerate, relax_stress, relaxation_step
from reference_impl.spectral.transforms import forward_transform, inverse_transform
from reference_impl.spectral.workspace import Workspace
from reference_impl.spectral.workspaces import FFTWorkspaces

__all__ = [
    "FFTWorkspaces", "Fluid", "Workspace", "accelerate", "add_scaled", "dealias", "divergence", "forward_transform",
    "inverse_transform", "relax_stress", "relaxation_step", "scale", "spectral_derivative", "spectral_divergence",
]  # fmt: skip
