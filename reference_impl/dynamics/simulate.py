"""A run at constant energy."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from reference_impl.dynamics.observables import Sample, kinetic_energy, pressure_of, temperature_of
from reference_impl.dynamics.velocity_verlet import kick, kick_and_drift
from reference_impl.kernels.lennard_jones import Forces, lennard_jones
from reference_impl.neighbors import VerletList
from reference_impl.neighbors.system import as_positions

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

__all__ = ["Simulation", "simulate"]


class Simulation(NamedTuple):
    """Where a run ended: ``positions`` and ``velocities`` of shape (N, 3), and what was seen on the way."""

    positions: NDArray[np.float64]
    velocities: NDArray[np.float64]
    samples: tuple[Sample, ...]
    list_builds: int


def simulate(  # noqa: PLR0913 - three, and keywords
    positions: ArrayLike,
    velocities: ArrayLike,
    box: ArrayLike,
    *,
    steps: int,
    time_step: float = 0.005,
    cutoff: float = 2.5,
    skin: float = 0.3,
    sample_every: int = 100,
    on_sample: Callable[[Sample], object] | None = None,
    on_frame: Callable[[Sample, NDArray[np.float64], NDArray[np.float64]], object] | None = None,
) -> Simulation:
    """Integrate a periodic Lennard-Jones system at constant energy; everything in reduced units.

    Parameters
    ----------
    positions, velocities
        Shapes (N, 3), N >= 2; copied.
    box
        Three lengths.
    steps, time_step
        How many, and how long one is.
    cutoff, skin
        Of the forces, and of the list; see :class:`reference_impl.neighbors.VerletList`.
    sample_every
        The first, the last and every such step in between are looked at.
    on_sample
        Called with each :class:`Sample` as it is made.
    on_frame
        The same, with the positions and velocities of that step, which change afterwards: copy what is kept.

    Raises
    ------
    ValueError
        For a system that the list or the forces refuse, negative ``steps``, ``sample_every`` below one, a
        ``time_step`` that is not finite. In a run whose atoms fly apart the list names the first that is lost.
    """
    if steps < 0 or sample_every < 1:
        raise ValueError(f"got steps={steps}, sample_every={sample_every}, allowed: 0 and more, 1 and more")
    if not np.isfinite(time_step):
        raise ValueError(f"got time_step={time_step}, allowed: finite")
    here, moving = np.array(as_positions(positions)), np.array(as_positions(velocities))
    if here.shape != moving.shape or len(here) < 2:
        raise ValueError(
            f"got shapes {here.shape} and {moving.shape}, allowed: twice the same (N, 3), N >= 2"
        )
    verlet = VerletList(cutoff, skin, box)
    lengths, volume = verlet.box.lengths, float(np.prod(verlet.box.lengths))
    pull = np.empty(here.shape)

    def forces() -> Forces:
        return lennard_jones(here, verlet.box, verlet.update(here), cutoff=cutoff, out=pull)

    samples: list[Sample] = []

    def look(step: int, found: Forces) -> None:
        sample = Sample(
            step,
            found.energy / len(here),
            kinetic_energy(moving) / len(here),
            temperature_of(moving),
            pressure_of(moving, found.virial, volume),
        )
        samples.append(sample)
        if on_sample is not None:
            on_sample(sample)
        if on_frame is not None:
            on_frame(sample, here, moving)

    look(0, forces())
    for step in range(1, steps + 1):
        kick_and_drift(here, moving, pull, lengths, time_step)
        found = forces()
        kick(moving, pull, time_step / 2)
        if step % sample_every == 0 or step == steps:
            look(step, found)
    return Simulation(here, moving, tuple(samples), verlet.builds)
