"""How far the farthest atom is from where it was: ``max_displacement``.

Two arrays (3, N) float64 to the bits of one float64, the square of that distance by nearest images; 48 bytes of each
atom are read. Not a number where a coordinate is not finite. The oracle is
:func:`reference_impl.box.minimum_image`.
"""
