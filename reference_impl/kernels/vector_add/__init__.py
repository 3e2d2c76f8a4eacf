"""Sums of two float32 vectors, to see what memory gives: ``add_coalesced`` and ``add_strided``.

``sums = first + second``, all of shape (count,). 12 bytes of each element are moved at best. With a stride of 8 and
more each thread takes a sector of 32 bytes for its 4, three times, and what caches do not hold is moved eight times.
The oracle is NumPy's ``+``, to the bit.
"""
