"""Exclusive sums: ``scan_sums``, ``scan_totals``, ``scan_tiles``; see :func:`reference_impl.cuda.scan.exclusive_scan`.

``counts`` (n,) int32 to ``starts`` (n + 1,) int64, exact; n / 1024 numbers of room. 4 bytes of each element are read
twice and 8 written. The oracle is ``numpy.cumsum``.
"""
