"""Lennard-Jones forces by domains, wherever these are computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reference_impl.kernels.lennard_jones import Forces, lennard_jones
from reference_impl.neighbors import neighbor_list
from reference_impl.neighbors.system import checked_system
from reference_impl.parallel.bricks import best_cuts, bricks_of
from reference_impl.parallel.devices import Serial
from reference_impl.parallel.domain import Plan
from reference_impl.whole import whole

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from numpy.typing import ArrayLike, NDArray

    from reference_impl.box import Box
    from reference_impl.parallel.devices import Device

__all__ = ["DomainForces"]


class DomainForces:
    """The forces of :func:`reference_impl.lennard_jones`, to rounding, by several workers.

    The box is cut into equal bricks. Each domain owns the atoms in its brick and sees those around it, its halo, as
    far as ``cutoff + skin``; it keeps its own list. When an atom has moved ``skin / 2``, all domains take stock again.
    Equal bricks mean equal work where the density is about the same everywhere.

    Parameters
    ----------
    atoms
        Their number N, which stays.
    box
        Three lengths, or a box that is periodic at least along the axes to cut.
    domains
        How many bricks: one number, for those with the least surface, or three, one per axis.
    device
        Where: :class:`Serial`, :class:`Threads`, :class:`Processes`, or another :class:`Device`; closed with this.
    cutoff, skin
        As in :func:`reference_impl.simulate`.

    Attributes
    ----------
    builds : int
        How often the lists were built.
    owned : tuple of int
        How many atoms each domain owns.

    Raises
    ------
    ValueError
        For no atoms, a box, cutoff or skin that :class:`reference_impl.VerletList` refuses, and wrong ``domains``.
    """

    def __init__(
        self,
        atoms: int,
        box: ArrayLike | Box,
        *,
        domains: int | Sequence[int] = 1,
        device: Device | None = None,
        cutoff: float = 2.5,
        skin: float = 0.3,
    ) -> None:
        atoms = whole(atoms, "atoms")
        if atoms < 1:
            raise ValueError(f"got atoms={atoms}, allowed: 1 and more")
        if not (np.isfinite(skin) and skin >= 0):
            raise ValueError(f"got skin={skin}, allowed: >= 0 and finite")
        _, self._box, _ = checked_system(np.empty((0, 3)), box, cutoff + skin, (True, True, True))
        self._cutoff = cutoff
        if np.iterable(domains):
            cuts: Sequence[int] = [whole(number, "domains") for number in domains]
        else:
            cuts = best_cuts(whole(domains, "domains"), self._box)
        lengths, periodic = tuple(self._box.lengths.tolist()), tuple(self._box.periodic.tolist())
        plans = [
            Plan(brick=brick, lengths=lengths, periodic=periodic, cutoff=cutoff, skin=skin)
            for brick in bricks_of(self._box, cuts)
        ]
        self.builds = 0
        self._is_built = False
        self.owned: tuple[int, ...] = ()
        self._shape = (atoms, 3)
        self._device: Device | None = Serial() if device is None else device
        self._device.start(plans, atoms)

    def compute(self, positions: ArrayLike, *, out: NDArray[np.float64] | None = None) -> Forces:
        """Forces, energy and virial at ``positions`` of shape (N, 3).

        Parameters
        ----------
        positions
            As in :func:`reference_impl.neighbor_list`.
        out
            Where the forces go: shape (N, 3).

        Raises
        ------
        ValueError
            For positions that :func:`reference_impl.neighbor_list` or the forces refuse (names the atoms), another
            number of them than at the start, an ``out`` of another shape, and after :meth:`close`.
        WorkerDiedError
            When a process has ended.
        """
        if self._device is None:
            raise ValueError("got positions for forces that are closed, allowed: until close")
        numbers, _, _ = checked_system(positions, self._box, self._cutoff, ())
        if numbers.shape != self._shape:
            raise ValueError(
                f"got positions of shape {numbers.shape}, allowed: {self._shape}, as at the start"
            )
        if out is not None and out.shape != self._shape:
            raise ValueError(f"got out of shape {out.shape}, allowed: {self._shape}")
        self._device.positions[...] = numbers
        try:
            if not self._is_built or any(self._device.ask("moved")):
                self._is_built = False  # until all domains agree on who owns what
                self.owned = tuple(self._device.ask("build"))
                self._is_built = True
                self.builds += 1
            shares = self._device.ask("forces")
        except ValueError:
            # Domains number atoms in their own way; the same error in the caller's numbers, where it is one of these.
            lennard_jones(
                numbers, self._box, neighbor_list(numbers, self._box, self._cutoff), cutoff=self._cutoff
            )
            raise
        if out is None:
            out = np.empty(self._shape)
        out[...] = self._device.forces
        energy, virial = (float(sum(column)) for column in zip(*shares, strict=True))
        return Forces(out, energy, virial)

    def close(self) -> None:
        """End the workers and give the memory back; a second time does nothing."""
        if self._device is not None:
            self._device.close()
        self._device = None

    def __enter__(self) -> DomainForces:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
