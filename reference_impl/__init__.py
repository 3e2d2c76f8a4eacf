"""Kernels and memory systems of scientific computing: fast, and with known memory use."""

from reference_impl.dynamics import simulate
from reference_impl.kernels.lennard_jones import BlockForces, lennard_jones
from reference_impl.memory import ArrayPool
from reference_impl.neighbors import VerletList, neighbor_list

__all__ = ["ArrayPool", "BlockForces", "VerletList", "lennard_jones", "neighbor_list", "simulate"]
