"""Rows of a full neighbor list: ``count_neighbors``, then ``fill_neighbors`` into what was allocated for the sum.

Positions sorted by cell, as float64 (3, N) and as places (N, 4) float32, to ``counts`` (N,) int32, and ``indices``
int32 of the rows that start at ``indptr`` (N + 1,) int64. Cells are of half the reach: a sweep looks at 125 of them,
15.6 cubes of the reach, where 27 cells of a whole reach are 27. The oracle is
:func:`reference_impl.neighbors.brute_force`: the same pairs, exactly.
"""
