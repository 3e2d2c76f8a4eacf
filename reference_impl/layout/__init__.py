"""How arrays lie in memory: alignment, padding, structures by row or by column, the smallest dtype, later evaluation.

===========================  =========================================  ==========================================
name                         does                                       memory
===========================  =========================================  ==========================================
`aligned_empty`, ``_zeros``  new array at a multiple of 64 bytes        the array, and up to 64 B
`aligned_copy`               the same, filled                           the array, and up to 64 B
`is_aligned`                 asks the address
`structure_of`               fields and padding of a structured dtype
`columns`                    fields of an array of structures           none: views
`structure_of_arrays`        each field on its own                      the fields, without padding
`array_of_structures`        back                                       its result, or none for `columns`
`as_matrix`, `as_structures`  equal fields as axis 1, and back          none: views
`smallest_dtype`             by range and precision
`LazyArray`                  evaluated once, when it is needed          none before, the array after
===========================  =========================================  ==========================================
"""

from reference_impl.layout.aligned import aligned_copy, aligned_empty, aligned_zeros, is_aligned
from reference_impl.layout.lazy import LazyArray
from reference_impl.layout.matrix import as_matrix, as_structures
from reference_impl.layout.padding import Span, Structure, structure_of
from reference_impl.layout.ranges import smallest_dtype
from reference_impl.layout.structures import array_of_structures, columns, structure_of_arrays

__all__ = [
    "LazyArray",
    "Span",
    "Structure",
    "aligned_copy",
    "aligned_empty",
    "aligned_zeros",
    "array_of_structures",
    "as_matrix",
    "as_structures",
    "columns",
    "is_aligned",
    "smallest_dtype",
    "structure_of",
    "structure_of_arrays",
]
