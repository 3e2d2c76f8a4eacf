"""The launch layer: one driver for kernels in CUDA C++, on a device through CuPy or on whatever else is a `Device`.

==================  ================================================================================================
name                what it is
==================  ================================================================================================
`Device`            arrays, copies and launches: all that the driver asks of a place
`CupyDevice`        CuPy's current device; CuPy is imported when one is made, and not before
`EventClock`        seconds by CUDA's events, for pytest-benchmark
`NoDeviceError`     raised where there is no CuPy or no device
`all_kernels`       the kernels of ``reference_impl/kernels/*/*.cu``, with the types of their parameters
`neighbor_list`     full lists, exactly those of :func:`reference_impl.neighbor_list`
`lennard_jones`     forces, energy and virial, with a list or of all pairs
==================  ================================================================================================

Boxes are three lengths, periodic along all axes; open and tilted ones are refused. Vectors of atoms lie on a device as
(3, N) float64, and for the loops over pairs as (N, 4) "places", see ``places.cu``. Nothing is added by floating-point
atomics: the same input gives the same bits, list and forces.
"""

from reference_impl.backends import NoDeviceError
from reference_impl.cuda.clock import EventClock
from reference_impl.cuda.cupy_device import CupyDevice
from reference_impl.cuda.device import Device, launch
from reference_impl.cuda.forces import DeviceForces, lennard_jones
from reference_impl.cuda.kernels import Kernel, all_kernels, kernels_of
from reference_impl.cuda.neighbors import DeviceList, ListBuilder, neighbor_list

__all__ = [
    "CupyDevice",
    "Device",
    "DeviceForces",
    "DeviceList",
    "EventClock",
    "Kernel",
    "ListBuilder",
    "NoDeviceError",
    "all_kernels",
    "kernels_of",
    "launch",
    "lennard_jones",
    "neighbor_list",
]
