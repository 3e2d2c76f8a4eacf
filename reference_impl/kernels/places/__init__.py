"""Positions as pair loops read them: ``places_float32``, ``places_float64``.

(3, N) float64 to (N, 4), wrapped, seen from the middle of the box. The oracle is
:func:`reference_impl.box.wrapped`, less half the box.
"""
