r"""Forces between atoms that attract from afar and repel when near, in reduced units (σ = ε = m = k_B = 1).

Of a pair at distance r below the cutoff the energy is :math:`4 (r^{-12} - r^{-6})`, not shifted; beyond it, nothing
(J. E. Lennard-Jones, Proc. Phys. Soc. 43, 461 (1931)).

==================  ========================================================================================
cost                O(pairs of the list); a half list adds to both atoms of a pair, a full list to one
working set         the result: :func:`working_set_bytes`; nothing with ``out=``
back ends           ``oracle`` (NumPy, arrays of all pairs), ``compiled`` (numba), and for :class:`BlockForces`
                    ``blocked`` (numba, vectors of pairs; any number of threads, float64 or float32);
                    on devices ``lennard_jones.cu``, see :mod:`reference_impl.cuda`
==================  ========================================================================================
"""

from reference_impl.kernels.lennard_jones.block_forces import (
    BlockForces,
    Precision,
    checked_precision,
)
from reference_impl.kernels.lennard_jones.contract import (
    Forces,
    lennard_jones,
    nearest_pair,
    working_set_bytes,
)

__all__ = [
    "BlockForces",
    "Forces",
    "Precision",
    "checked_precision",
    "lennard_jones",
    "nearest_pair",
    "working_set_bytes",
]
