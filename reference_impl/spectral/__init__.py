"""Fourier transforms and derivatives of fields on grids, in memory that is reused.

=======================================================  =====================================================
name                                                     memory beside its arguments and its result
=======================================================  =====================================================
:class:`FFTWorkspaces`                                   leases + idle workspaces, these up to ``max_bytes``
:class:`Workspace`                                       one spectrum; nothing per transform with FFTW
:func:`forward_transform`, :func:`inverse_transform`     one workspace
=======================================================  =====================================================

Who transforms is chosen by name, see `reference_impl.spectral.engines`. Speed: ``benchmarks/spectral/``.
"""

from reference_impl.spectral.transforms import forward_transform, inverse_transform
from reference_impl.spectral.workspace import Workspace
from reference_impl.spectral.workspaces import FFTWorkspaces

__all__ = [
    "FFTWorkspaces", "Workspace", "forward_transform",
    "inverse_transform" ]  # fmt: skip
