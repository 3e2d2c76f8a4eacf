"""Memory of accelerators, read from the counters of the library that allocates it: one file per library.

================= ===========================================================================================
library.py        finding a library without importing it, and importing it where a budget asks for it
source.py         what every library is asked for
probe.py          the probe over one source, and its windows
known.py          an allocation to calibrate by
replaced.py       a function of a library, replaced while a window is open
cupy.py           CuPy's memory pool, and its high-water mark through an allocator of our own
cupy_allocator.py what stands before its allocator while a window is open
cupy_pinned.py    CuPy's pinned host memory, counted by the lifetime of its buffers
cuda_async.py     CUDA's stream-ordered pool
torch.py          PyTorch's caching allocator
rmm.py            the resources of RMM
jax.py            JAX's allocator
driver.py         what the driver counts on the device, through NVML
nvml.py           the same as a probe: evidence, and never a verdict
================= ===========================================================================================

No probe imports a library or makes a CUDA context by itself. It reads a library that the tested program has imported;
only a budget that names the probe imports it. Every probe reads the device that is current when its window opens.
"""

from pytest_memguard.probes.device.probe import DeviceProbe
from pytest_memguard.probes.device.source import DeviceSource

__all__ = ["DeviceProbe", "DeviceSource"]
