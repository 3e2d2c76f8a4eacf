"""Molecular dynamics in reduced units: start from a lattice, integrate, watch energy, temperature and pressure.

==================  ==========================  ==============================================
name                cost                        working set
==================  ==========================  ==============================================
`fcc_lattice`       O(N)                        its result, 24 B per atom
`thermal_velocities`  O(N)                      its result, 24 B per atom, twice
`simulate`          O(N) per step               three arrays of 24 B per atom, and the list
==================  ==========================  ==============================================
"""

from reference_impl.dynamics.lattice import fcc_lattice
from reference_impl.dynamics.observables import Sample
from reference_impl.dynamics.simulate import Simulation, simulate
from reference_impl.dynamics.velocities import thermal_velocities

__all__ = ["Sample", "Simulation", "fcc_lattice", "simulate", "thermal_velocities"]
