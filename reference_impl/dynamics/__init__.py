"""Molecular dynamics in reduced units: start from a lattice, integrate, watch energy, temperature and pressure.

==================  ==========================  ==============================================
name                cost                        working set
==================  ==========================  ==============================================
`fcc_lattice`       O(N)                        its result, 24 B per atom
`thermal_velocities`  O(N)                      its result, 24 B per atom, twice
`simulate`          O(N) per step               :func:`reference_impl.dynamics.block_run.working_set_bytes`; on a
                                                device that of :mod:`reference_impl.dynamics.device_run`
`radial_distribution`  O(N)                     the list up to its cutoff
==================  ==========================  ==============================================
"""

from reference_impl.dynamics.lattice import fcc_lattice
from reference_impl.dynamics.observables import Sample
from reference_impl.dynamics.simulate import Simulation, simulate
from reference_impl.dynamics.structure import RadialDistribution, radial_distribution
from reference_impl.dynamics.velocities import thermal_velocities

__all__ = [
    "RadialDistribution",
    "Sample",
    "Simulation",
    "fcc_lattice",
    "radial_distribution",
    "simulate",
    "thermal_velocities",
]
