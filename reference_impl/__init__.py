"""Kernels and memory systems of scientific computing: fast, and with known memory use."""

from reference_impl.memory import ArrayPool
from reference_impl.neighbors import neighbor_list

__all__ = ["ArrayPool", "neighbor_list"]
