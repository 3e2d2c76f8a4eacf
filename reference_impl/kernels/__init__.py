"""Inner loops, one folder each: a contract, an oracle in NumPy that is written to be read, and fast twins of it.

Files ``*.cu`` are CUDA C++ without headers; :mod:`reference_impl.cuda` finds and launches them.
"""
