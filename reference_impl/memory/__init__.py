"""Memory kept for reuse, and what else keeps it in hand.

========================  ==========================================  ===============================================
name                      does                                        memory
========================  ==========================================  ===============================================
:class:`ArrayPool`        arrays reused by shape and dtype            leases, and idle ones up to ``max_bytes``
:class:`AdaptivePool`     the same; what is used rarely goes first    the same, all within a share of the machine
:class:`BlockPool`        blocks of any size out of one arena         the arena, and more only if it is told so
:class:`ThreadCaches`     a block pool for many threads               that of its block pool
:func:`typed_pools`       arrays of three dtypes out of one arena     that of their block pool
:class:`SmartArray`       an array that is released exactly once      the array
:class:`ManagedMatrix`    the same with rows and columns              the array
:class:`MappedMatrix`     a matrix in a file, of which a kill loses   pages that are looked at; none by ``read_rows``
                          what was not flushed
:class:`PressureRelief`   measures taken in order when memory is low  none
:func:`gc_scope`          no garbage collection inside, one at the    what becomes garbage inside
                          end that looks at nothing older
========================  ==========================================  ===============================================

The room :mod:`reference_impl.memory.device` has the same for CUDA devices.

Pools carry their counters as plain attributes (``allocated_bytes``, ``reserved_bytes``, ``hits``, ...), so
that any tool can read them without either side importing the other.
"""

from reference_impl.memory.adaptive_pool import AdaptivePool
from reference_impl.memory.array_pool import ArrayPool
from reference_impl.memory.block import Block
from reference_impl.memory.block_pool import BlockPool
from reference_impl.memory.errors import PoolError, PoolExhaustedError
from reference_impl.memory.gc_scope import gc_scope
from reference_impl.memory.mapped_matrix import MappedMatrix
from reference_impl.memory.pressure_relief import PressureRelief
from reference_impl.memory.smart_array import ManagedMatrix, SmartArray
from reference_impl.memory.thread_caches import ThreadCaches
from reference_impl.memory.typed_pool import TypedPool, TypedPools, typed_pools

__all__ = [
    "AdaptivePool",
    "ArrayPool",
    "Block",
    "BlockPool",
    "ManagedMatrix",
    "MappedMatrix",
    "PoolError",
    "PoolExhaustedError",
    "PressureRelief",
    "SmartArray",
    "ThreadCaches",
    "TypedPool",
    "TypedPools",
    "gc_scope",
    "typed_pools",
]
