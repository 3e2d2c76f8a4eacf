"""Neighbor lists and distances within a cutoff.

All functions take ``positions`` of shape (N, 3), float32 or float64, any memory layout, read-only or not, and
work in float64; lengths are in any one unit. A pair belongs to a list when its distance is *less* than the
cutoff, decided by the arithmetic of :func:`brute_force` in every method, so all methods give the same pairs.

===================  ===============  =======================================================================
name                 cost             working set beyond the result
===================  ===============  =======================================================================
`brute_force`        O(N²) time       one row: 10 float64 per atom (the oracle)
`neighbor_list`      O(N) time        :func:`reference_impl.neighbors.cell_list.working_set_bytes`
`VerletList.update`  O(N), no build   positions of the last build; a build when an atom moved ``skin / 2``
`pairs_within`       by method        N² for ``"broadcast"``, O(N) for ``"kdtree"`` and ``"cell_list"``
===================  ===============  =======================================================================

Lists are int32 CSR: ``indices[indptr[i]:indptr[i + 1]]`` are the neighbors of atom ``i``, in no given order.
"""

from reference_impl.neighbors.brute_force import brute_force
from reference_impl.neighbors.build import neighbor_list
from reference_impl.neighbors.distances import pairs_within
from reference_impl.neighbors.lists import FullList, HalfList
from reference_impl.neighbors.verlet_list import VerletList

__all__ = ["FullList", "HalfList", "VerletList", "brute_force", "neighbor_list", "pairs_within"]
