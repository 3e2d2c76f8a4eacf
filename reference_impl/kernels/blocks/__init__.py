"""Neighbors by blocks: atoms sorted so that as many as fill a vector are close together, and lists of such blocks.

A kernel that works on blocks loads coordinates as whole vectors and adds forces as whole vectors: nothing is gathered
or scattered. That pays although two lanes of three hold an atom that is too far away to count. Needs numba.

==============  ================================================================================================
`layout`        the nouns: columns of the box, the order of the atoms in them
`sort`          atoms into columns and blocks, and coordinates along with them
`candidates`    blocks near a block, by the boxes around them
`rows`          for each atom the blocks that hold a neighbor of it
`images`        numbers of periodic images
==============  ================================================================================================

Everything is done by all threads of a :class:`reference_impl.kernels.team.Team` together, in arrays made before.
"""
