"""Matrix products block by block: for matrices larger than memory, and to see what caches and layouts are worth.

==================  ====================  ==============================================  ======================
name                cost                  working set beside its result                   computes with
==================  ====================  ==============================================  ======================
`chunked_product`   O(M K N)              ``memory_bytes`` for tiles                      BLAS, through NumPy
`blocked_product`   O(M K N)              four blocks, 128 KiB as they are                loops, one thread
==================  ====================  ==============================================  ======================

Both take any memory layout, row-major or column-major, and agree with ``a @ b`` to rounding: sums are taken in another
order. For matrices that fit in memory ``a @ b`` is the fastest of all: see ``benchmarks/products/layouts.py``.
"""

from reference_impl.products.blocked import blocked_product
from reference_impl.products.chunked import chunked_product

__all__ = ["blocked_product", "chunked_product"]
