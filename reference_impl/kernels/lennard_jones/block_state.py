"""A workspace and the threads that work in it, as Python sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference_impl.kernels.blocks.rows import new_rows
from reference_impl.kernels.lennard_jones.blocked import ENERGY_UNIT, PULL_UNIT
from reference_impl.kernels.lennard_jones.workspace import FULL, new_workspace
from reference_impl.kernels.team import Team

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["BlockState"]


class BlockState:
    """Atoms at ``positions`` (N, 3), checked, before their first sort."""

    def __init__(
        self,
        positions: NDArray[np.float64],
        lengths: NDArray[np.float64],
        *,
        cutoff: float,
        skin: float,
        dtype: type[np.floating],
        threads: int,
    ) -> None:
        self._team = Team(threads)
        counters = self._team.counters
        self.work = new_workspace(lengths, len(positions), cutoff, skin, dtype, counters, threads)
        self.atoms = len(positions)
        self.fill(self.work.places, positions)

    def run(self, function: Callable[..., tuple[int, int]], *arguments: object) -> tuple[int, int]:
        """``function(work, *arguments, threads, number)`` in all threads, which report the same."""
        reports = self._team.run(function, self.work, *arguments, self._team.threads)
        if reports[0][0] == FULL:
            rows, columns = self.work.rows, self.work.columns
            entries, candidates = (room.shape[1] * 3 // 2 for room in (rows.entries, rows.near))
            more = new_rows(entries, candidates, columns, rows.touched.shape[1], self._team.threads)
            self.work = self.work._replace(rows=more)
        return reports[0]

    def close(self) -> None:
        """End the threads."""
        self._team.close()

    @property
    def energy(self) -> float:
        """Of all pairs, at the last forces that came with sums."""
        return ENERGY_UNIT * float(self.work.sums[:, 0].sum())

    @property
    def virial(self) -> float:
        return PULL_UNIT * float(self.work.sums[:, 1].sum())

    def fill(self, array: NDArray[np.float64], values: NDArray[np.float64]) -> None:
        """From ``values`` (N, 3) in the caller's order to ``array`` (3 M,) in sorted order."""
        names, blocks, lanes = self._slots()
        self._by_lanes(array)[blocks, :, lanes] = values[names]

    def taken(self, array: NDArray[np.float64]) -> NDArray[np.float64]:
        """The other way, as a new array."""
        names, blocks, lanes = self._slots()
        values = np.empty((self.atoms, 3))
        values[names] = self._by_lanes(array)[blocks, :, lanes]
        return values

    @property
    def _width(self) -> int:
        return int(self.work.tables.shape[1] ** 0.5)

    def _by_lanes(self, array: NDArray[np.float64]) -> NDArray[np.float64]:
        return array.reshape(-1, 3, self._width)

    def _slots(self) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
        """The atoms in sorted order, and in which block and lane they are."""
        slots = np.flatnonzero(self.work.order.names >= 0)
        return self.work.order.names[slots], *np.divmod(slots, self._width)
