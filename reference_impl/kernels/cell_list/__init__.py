"""Atoms sorted by cell: ``assign_cells``, ``scatter_atoms``, ``order_atoms``.

``positions`` (3, N) float64 to ``order`` and the cell of each place in it, (N,) int32, and ``starts`` of the cells,
int64. O(N) and the square of the atoms in a cell. Atomics count; the order does not depend on who came first. The
oracle is ``numpy.lexsort`` of numbers and cells.
"""
