"""What belongs to atoms, in another order: ``gather_vectors``, ``gather_wrapped``, ``gather_names``.

O(N); reads wherever the order says, writes one after the other. The oracle is an index: ``values[:, order]``.
"""
