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

Lists are int32 CSR: ``indices[indptr[i]:indptr[i + 1]]`` are the neighbors of atom ``i``, in no given order. A list
with ``order="sorted"`` is that of ``positions[result.order]``: it takes one sweep where one in the caller's order of
more than 2 MiB takes two, and atoms that it names together lie together in memory.

Boxes are three lengths or three cell vectors, periodic per axis. How a list is made, one file per step: `system`
checks, `frame` makes a brick of the box, `grid` lays cells over it, `sort` puts the atoms into them, `stencil`
says which rows of cells are near, `lanes` finds the neighbors of one atom in vectors (`sweep_ir`) or portable
loops, `exact` decides what rounding could change, `rows` goes from atom to atom, `chunks` and `in_order` share the
work among threads and put the list together.
"""

from reference_impl.neighbors.brute_force import brute_force
from reference_impl.neighbors.build import neighbor_list
from reference_impl.neighbors.distances import pairs_within
from reference_impl.neighbors.lists import FullList, HalfList
from reference_impl.neighbors.verlet_list import VerletList

__all__ = ["FullList", "HalfList", "VerletList", "brute_force", "neighbor_list", "pairs_within"]
