"""Kernels and memory systems of scientific computing, written to be guarded: fast, and with known memory use."""
