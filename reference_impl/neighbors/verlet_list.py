"""A neighbor list that is kept until an atom has moved too far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from reference_impl.backends import jit
from reference_impl.box import nearest_image
from reference_impl.neighbors.build import check_choices, half_list_of
from reference_impl.neighbors.system import MAX_CUTOFFS, as_positions, checked_system

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
    order, threads
        As in :func:`reference_impl.neighbor_list`. In the sorted order a list is of the positions as they were
        sorted when it was built: use it with ``positions[result.order]``.

    Attributes
    ----------
    updates, builds : int
        How often :meth:`update` was called, and how often it built the list.
    updates_since_build : int
        Age of the list in updates.
    builds_in_a_row : int
        How many of the builds came right after another: if not few, atoms outrun the skin, and it is too thin.

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
        order: Literal["caller", "sorted"] = "caller",
        threads: int = 1,
    ) -> None:
        check_choices(order, threads)
        if not (np.isfinite(skin) and skin >= 0):
            raise ValueError(f"got skin={skin}, allowed: >= 0 and finite")
        if not cutoff > 0:
            raise ValueError(f"got cutoff={cutoff}, allowed: positive and finite")
        _, self.box, self.list_cutoff = checked_system(np.empty((0, 3)), box, cutoff + skin, periodic)
        self.cutoff = float(cutoff)
        self.skin = float(skin)
        self._order, self._threads = order, threads
        self.updates = self.builds = self.updates_since_build = self.builds_in_a_row = 0
        self._built_at = np.empty((0, 3))
        self._list: HalfList | None = None

    def update(self, positions: ArrayLike) -> HalfList:
        """The list for ``positions`` of shape (N, 3); another number of atoms than before is a build too.

        Nothing is allocated where the list stays. The arrays of a list are never written to again: to save the
        memory of two lists at a build, let go of the old one before.

        Raises
        ------
        ValueError
            For positions that :func:`reference_impl.neighbor_list` refuses; the list is then as before.
        """
        moved = np.asarray(positions)
        if (
            moved.dtype not in (np.float64, np.float32) or not moved.dtype.isnative
        ):  # no others are compiled for
            moved = as_positions(moved)
        if self._list is None or self._is_outdated(moved):
            checked, _, _ = checked_system(moved, self.box, self.list_cutoff, ())
            self._list = None  # before there is another: two at once would be most of the memory
            self._list = half_list_of(
                checked, self.box, self.list_cutoff, order=self._order, threads=self._threads
            )
            if self._built_at.shape != checked.shape:
                self._built_at = np.empty(checked.shape)
            self._built_at[...] = checked
            self.builds_in_a_row += self.builds > 0 and self.updates_since_build == 0
            self.builds += 1
            self.updates_since_build = 0
        else:
            self.updates_since_build += 1
        self.updates += 1
        return self._list

    @property
    def updates_per_build(self) -> float:
        """How long a list serves on average; ``nan`` before the first."""
        return self.updates / self.builds if self.builds else float("nan")

    def _is_outdated(self, positions: NDArray[np.float64]) -> bool:
        if positions.shape != self._built_at.shape:
            return True
        limit, most = (self.skin / 2) ** 2, (MAX_CUTOFFS * self.list_cutoff) ** 2
        seen = positions[...]
        seen.flags.writeable = False  # compiled once, not also for writable arrays
        with np.errstate(over="ignore", invalid="ignore"):  # where it is not compiled
            return bool(_moved_farther(seen, self._built_at, self.box, limit, most))


@jit
def _moved_farther(
    positions: NDArray[np.float64],
    before: NDArray[np.float64],
    box: Box,
    limit_squared: float,
    most_squared: float,
) -> bool:
    for i in range(len(positions)):
        dx, dy, dz = (
            positions[i, 0] - before[i, 0],
            positions[i, 1] - before[i, 1],
            positions[i, 2] - before[i, 2],
        )
        squared = dx * dx + dy * dy + dz * dz
        if squared <= limit_squared:
            continue
        x, y, z = nearest_image(dx, dy, dz, box)
        # NaN as well, and what is so far that nothing is left of its image: the build then names the atom.
        if not (x * x + y * y + z * z <= limit_squared and squared <= most_squared):
            return True
    return False
