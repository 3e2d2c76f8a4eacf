"""Memory of devices, and host memory that devices copy from, kept for reuse.

======================  ==================================================  ===========================================
name                    does                                                memory
======================  ==================================================  ===========================================
:class:`SizeClassPool`  addresses of any source, by size class and stream   live blocks, and idle ones up to a limit
:class:`DevicePool`     the same on a CUDA device, as CuPy's allocator too  within a fraction of the device's
:class:`PinnedPool`     NumPy arrays in page-locked host memory             the same, page-locked: no other use for it
:class:`Transfers`      copies that run beside the program                  arrays under way, until they have arrived
:class:`UnifiedPool`    arrays that are on the host or on the device        on the device what was used last
======================  ==================================================  ===========================================

Nothing here imports CuPy before a device is asked for. All but the source of the addresses is plain Python, so
:class:`HostMemory` stands in for a device wherever there is none.
"""

from reference_impl.memory.device.device_pool import DevicePool
from reference_impl.memory.device.pinned_pool import PinnedPool, Transfers
from reference_impl.memory.device.size_class_pool import LiveBlocks, SizeClassPool
from reference_impl.memory.device.sources import DeviceMemory, HostMemory, PinnedMemory, Source
from reference_impl.memory.device.unified_pool import UnifiedArray, UnifiedPool

__all__ = [
    "DeviceMemory",
    "DevicePool",
    "HostMemory",
    "LiveBlocks",
    "PinnedMemory",
    "PinnedPool",
    "SizeClassPool",
    "Source",
    "Transfers",
    "UnifiedArray",
    "UnifiedPool",
]
