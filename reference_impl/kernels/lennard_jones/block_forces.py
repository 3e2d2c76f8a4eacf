"""The fast face: forces of one system, again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from reference_impl.backends import HAS_NUMBA
from reference_impl.box import Box
from reference_impl.kernels.lennard_jones.contract import Forces, checked_out, lennard_jones, nearest_pair
from reference_impl.neighbors.build import neighbor_list
from reference_impl.neighbors.system import checked_system
from reference_impl.neighbors.verlet_list import VerletList
from reference_impl.threads import checked_threads

if HAS_NUMBA:
    from reference_impl.kernels.lennard_jones.block_state import BlockState
    from reference_impl.kernels.lennard_jones.evaluate import evaluate
    from reference_impl.kernels.lennard_jones.workspace import DONE

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["BlockForces", "Precision", "checked_precision"]

Precision = Literal["float64", "float32"]
_DTYPES: dict[str, type[np.floating[Any]]] = {"float64": np.float64, "float32": np.float32}


def checked_precision(precision: str) -> type[np.floating[Any]]:
    """The dtype of pair arithmetic."""
    if precision not in _DTYPES:
        raise ValueError(f"got precision={precision!r}, allowed: {', '.join(_DTYPES)}")
    return _DTYPES[precision]


class BlockForces:
    """Lennard-Jones forces of a periodic system at positions that change little from call to call.

    Keeps the atoms sorted into blocks, and for each atom a list of the blocks within ``cutoff + skin``, until one has
    moved more than ``skin / 2``. Several times faster than a list of atoms (:func:`lennard_jones`), which it equals:
    all arithmetic is on whole vectors, and a call allocates nothing but its result.

    Parameters
    ----------
    box
        Three lengths, all periodic.
    cutoff, skin
        In reduced units; see :class:`reference_impl.neighbors.VerletList`.
    precision
        Of the arithmetic on pairs. ``"float64"`` equals :func:`lennard_jones` to rounding, ``"float32"`` to some 1e-5
        of the largest force, and to 1e-4 in boxes of 200 σ; energy and virial are summed in float64.
    threads
        How many compute together.

    Attributes
    ----------
    updates, builds : int
        How often it was called, and how often it sorted the atoms and found their blocks.

    Raises
    ------
    ValueError
        For an invalid box, ``cutoff + skin`` above half the shortest length, and options other than these.

    Notes
    -----
    Without numba every call takes the oracle, in float64 and one thread.
    """

    def __init__(
        self,
        box: ArrayLike,
        *,
        cutoff: float = 2.5,
        skin: float = 0.3,
        precision: Precision = "float64",
        threads: int = 1,
    ) -> None:
        self._dtype, self._threads = checked_precision(precision), checked_threads(threads)
        self._lists = VerletList(cutoff, skin, Box.closed(box))
        self._lengths = self._lists.box.lengths
        self.updates = self.builds = 0
        self._state: Any = None

    def __call__(self, positions: ArrayLike, *, out: NDArray[np.float64] | None = None) -> Forces:
        """Forces on all atoms; parameters, result and errors are those of :func:`lennard_jones`."""
        here, box, _ = checked_system(positions, self._lists.box, self._lists.list_cutoff, (True, True, True))
        forces = np.empty(here.shape) if out is None else checked_out(out, here)
        if HAS_NUMBA and len(here):
            found = self._by_blocks(here, forces)
        else:
            neighbors = self._lists.update(here)
            found = lennard_jones(here, box, neighbors, cutoff=self._lists.cutoff, out=forces)
            self.builds = self._lists.builds
        self.updates += 1
        return found

    def _by_blocks(self, positions: NDArray[np.float64], forces: NDArray[np.float64]) -> Forces:
        lists = self._lists
        state, self._state = self._state, None  # until it is whole again: an interrupt may leave half of it
        is_new = state is None or state.atoms != len(positions)
        if is_new:
            state = BlockState(
                positions,
                self._lengths,
                cutoff=lists.cutoff,
                skin=lists.skin,
                dtype=self._dtype,
                threads=self._threads,
            )
        while True:
            status, was_built = state.run(evaluate, positions, forces, lists.skin / 2, is_new)
            if status == DONE:
                break
            is_new = True  # there was no room for the list; now there is
        self.builds += was_built
        energy, virial = state.energy, state.virial
        if not np.isfinite(energy + virial):
            near = neighbor_list(positions, lists.box, lists.cutoff)
            lennard_jones(positions, lists.box, near, cutoff=lists.cutoff)
            raise ValueError(
                f"{nearest_pair(positions, lists.box, near)}, which is too near for float32; "
                "allowed: precision='float64'"
            )
        self._state = state
        return Forces(forces, energy, virial)
