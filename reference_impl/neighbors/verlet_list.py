"""A neighbor list that is kept until an atom has moved too far."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference_impl.backends import jit
from reference_impl.neighbors.build import neighbor_list
from reference_impl.neighbors.frame import as_tuples
from reference_impl.neighbors.system import checked_system

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from reference_impl.box import Box
    from reference_impl.neighbors.lists import HalfList

__all__ = ["VerletList"]


class VerletList:
    """Half list of the pairs closer than ``cutoff + skin``, rebuilt when a displacement exceeds ``skin / 2``.

    Two atoms that were ``cutoff + skin`` apart can then not have come closer than ``cutoff`` unseen.
    Displacements are those of the nearest image, so wrapping an atom back into the box is no movement.

    Parameters
    ----------
    cutoff, skin
        Lengths; ``skin >= 0``.
    box, periodic
        As in :func:`reference_impl.neighbor_list`.

    Attributes
    ----------
    updates, builds : int
        How often :meth:`update` was called, and how often it built the list.
    updates_since_build : int
        Age of the list in updates.

    Raises
    ------
    ValueError
        For a negative skin, an invalid box, or ``cutoff + skin`` above half the smallest width.
    """

    def __init__(
        self,
        cutoff: float,
        skin: float,
        box: ArrayLike | Box | None,
        *,
        periodic: Sequence[bool] = (True, True, True),
    ) -> None:
        if not (np.isfinite(skin) and skin >= 0):
            raise ValueError(f"got skin={skin}, allowed: >= 0 and finite")
        if not cutoff > 0:
            raise ValueError(f"got cutoff={cutoff}, allowed: positive and finite")
        _, self.box, self.list_cutoff = checked_system(np.empty((0, 3)), box, cutoff + skin, periodic)
        self._cell = as_tuples(self.box.vectors), as_tuples(self.box.inverse)
        self.cutoff = float(cutoff)
        self.skin = float(skin)
        self.updates = self.builds = self.updates_since_build = 0
        self._built_at = np.empty((0, 3))
        self._list: HalfList | None = None

    def update(self, positions: ArrayLike) -> HalfList:
        """The list for ``positions`` of shape (N, 3); another number of atoms than before is a build too.

        Raises
        ------
        ValueError
            For positions that :func:`reference_impl.neighbor_list` refuses; the list is then as before.
        """
        moved = np.asarray(positions)
        if self._list is None or self._is_outdated(moved):
            built = neighbor_list(moved, self.box, self.list_cutoff)
            if self._built_at.shape != moved.shape:
                self._built_at = np.empty(moved.shape)
            self._built_at[...] = moved
            self._list = built
            self.builds += 1
            self.updates_since_build = 0
        else:
            self.updates_since_build += 1
        self.updates += 1
        return self._list

    def _is_outdated(self, positions: NDArray[np.float64]) -> bool:
        if positions.shape != self._built_at.shape:
            return True
        limit = (self.skin / 2) ** 2
        seen = positions[...]
        seen.flags.writeable = False  # compiled once, not also for writable arrays
        return bool(_moved_farther(seen, self._built_at, *self._cell, limit))


@jit
def _moved_farther(
    positions: NDArray[np.float64],
    before: NDArray[np.float64],
    vectors: tuple[tuple[float, ...], ...],
    inverse: tuple[tuple[float, ...], ...],
    limit_squared: float,
) -> bool:
    for i in range(len(positions)):
        dx, dy, dz = (
            positions[i, 0] - before[i, 0],
            positions[i, 1] - before[i, 1],
            positions[i, 2] - before[i, 2],
        )
        x, y, z = dx, dy, dz
        for axis in range(3):
            whole = np.rint(dx * inverse[0][axis] + dy * inverse[1][axis] + dz * inverse[2][axis])
            x -= whole * vectors[axis][0]
            y -= whole * vectors[axis][1]
            z -= whole * vectors[axis][2]
        if not x * x + y * y + z * z <= limit_squared:  # NaN as well: the build then names the atom
            return True
    return False
