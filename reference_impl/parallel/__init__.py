"""Forces by several workers, each of which owns a part of the box.

==============  =====================================================================================
name            what it is
==============  =====================================================================================
`DomainForces`  the forces of a system by domains; a context manager
`Serial`        all domains here, one after the other (the oracle of the others)
`Threads`       in threads; kernels without numba then wait for the interpreter's lock
`Processes`     in processes, over shared memory; 24 B per atom for positions, 24 B for forces
`Device`        what such a place must be able to do; several GPUs would be one more
==============  =====================================================================================

A step costs O(N / workers) and what the halos add: of a brick with sides s, about 2 (cutoff + skin) / s of its atoms
for each axis that is cut. Between two builds only positions and forces are shared; no force travels between domains.
"""

from reference_impl.parallel.devices import CudaDevices, Device, Serial, Threads
from reference_impl.parallel.domain_forces import DomainForces
from reference_impl.parallel.processes import Processes, WorkerDiedError

__all__ = ["CudaDevices", "Device", "DomainForces", "Processes", "Serial", "Threads", "WorkerDiedError"]
