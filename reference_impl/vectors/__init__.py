"""Vectors of numbers in compiled code, which numba does not know and LLVM seldom finds by itself.

============  ===========================================================================
`values`      vectors as values of compiled functions: ``store(c, k, fma(load(a, k), ...))``
`words`       the same for those who write LLVM's instructions themselves
============  ===========================================================================
"""
