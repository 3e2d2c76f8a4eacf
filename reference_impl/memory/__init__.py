"""Memory kept for reuse.

===============  ==========================  ==========================================================
name             cost of one acquire+release  bytes held
===============  ==========================  ==========================================================
:class:`ArrayPool`  under 1 µs on a hit          leases + idle buffers; idle bytes never exceed ``max_bytes``
===============  ==========================  ==========================================================

Pools carry their counters as plain attributes (``allocated_bytes``, ``reserved_bytes``, ``hits``, ...), so
that any tool can read them without either side importing the other.
"""

from reference_impl.memory.adaptive_pool import AdaptivePool
from reference_impl.memory.array_pool import ArrayPool
from reference_impl.memory.block import Block
from reference_impl.memory.block_pool import BlockPool
from reference_impl.memory.errors import PoolError, PoolExhaustedError
from reference_impl.memory.gc_scope import gc_scope
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
