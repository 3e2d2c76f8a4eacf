"""A run whose atoms stay in blocks, in sorted order, until somebody looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reference_impl.box import Box
from reference_impl.dynamics.blocked import Motion, advance
from reference_impl.kernels.lennard_jones.block_state import BlockState
from reference_impl.kernels.lennard_jones.workspace import DONE, LOST, workspace_bytes
from reference_impl.neighbors.system import checked_system

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reference_impl.dynamics.list_run import Pace

__all__ = ["BlockRun", "working_set_bytes"]

_ATOM_STEPS = 5_000_000  # in one compiled call, half a second: so long an interrupt waits


def working_set_bytes(lengths: NDArray[np.float64], atoms: int, **options: Any) -> int:
    """What a run holds at most: its workspace, velocities and room to sort them, positions and velocities out.

    ``options`` are those of :func:`reference_impl.kernels.lennard_jones.workspace.workspace_bytes`.
    """
    return workspace_bytes(lengths, atoms, more_coordinates=2, **options) + 100 * atoms


class BlockRun:
    """As :class:`reference_impl.dynamics.list_run.ListRun`, and ``dtype`` and ``threads`` of the forces."""

    def __init__(
        self,
        positions: NDArray[np.float64],
        velocities: NDArray[np.float64],
        lengths: NDArray[np.float64],
        pace: Pace,
        *,
        dtype: type[np.floating[Any]],
        threads: int,
    ) -> None:
        self._state = BlockState(
            positions, lengths, cutoff=pace.cutoff, skin=pace.skin, dtype=dtype, threads=threads
        )
        speeds = np.zeros_like(self._state.work.places)
        self._state.fill(speeds, velocities)
        # Clocks of different threads do not share a cache line.
        self._motion = Motion(speeds, np.zeros_like(speeds), np.zeros((threads, 8), np.int64))
        self._box, self._reach = Box.of(lengths), pace.cutoff + pace.skin
        self._options = (pace.time_step, pace.skin, pace.rebuild_every)
        self._run(0)

    def advance(self, steps: int) -> None:
        most = max(1, _ATOM_STEPS // self._state.atoms)
        while steps > 0:
            self._run(min(steps, most))
            steps -= min(steps, most)

    def _run(self, steps: int) -> None:
        resumed = False
        while True:
            status, done = self._state.run(advance, self._motion, steps, *self._options, resumed)
            if status == DONE:
                return
            if status == LOST:
                checked_system(self.positions(), self._box, self._reach, ())  # says which atom
                raise AssertionError("an atom was lost, and found again")
            steps, resumed = steps - done, True

    def close(self) -> None:
        """End the threads."""
        self._state.close()

    def positions(self) -> NDArray[np.float64]:
        return self._state.taken(self._state.work.places)

    def velocities(self) -> NDArray[np.float64]:
        return self._state.taken(self._motion.speeds)

    @property
    def energy(self) -> float:
        return self._state.energy

    @property
    def virial(self) -> float:
        return self._state.virial

    @property
    def kinetic_energy(self) -> float:
        return 0.5 * float(np.vdot(self._motion.speeds, self._motion.speeds))

    @property
    def list_builds(self) -> int:
        return int(self._motion.clock[0, 1])
