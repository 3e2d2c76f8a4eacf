"""Sums of float64, and of their squares, in an order of their own: ``sum_values``, ``sum_squares``.

(count,) to (blocks,), and once more to (1,); 8 bytes of each element are read. The same array gives the same bits.
The oracle is ``math.fsum``, to rounding.
"""
