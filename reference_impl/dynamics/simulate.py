"""A run at constant energy."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from reference_impl.backends import HAS_NUMBA
from reference_impl.box import Box, wrapped
from reference_impl.cuda import CupyDevice
from reference_impl.dynamics.device_run import DeviceRun
from reference_impl.dynamics.list_run import ListRun, Pace
from reference_impl.dynamics.observables import Sample, pressure_of, temperature_of
from reference_impl.kernels.lennard_jones import Precision, checked_precision, nearest_pair
from reference_impl.neighbors import VerletList, neighbor_list
from reference_impl.neighbors.system import as_positions
from reference_impl.threads import checked_threads
from reference_impl.whole import whole

if HAS_NUMBA:
    from reference_impl.dynamics.block_run import BlockRun

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from reference_impl.cuda import Device
    from reference_impl.cuda.forces import DevicePrecision

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
    rebuild_every: int | None = None,
    precision: Precision | DevicePrecision = "float64",
    threads: int = 1,
    backend: Literal["cpu", "cupy"] | Device = "cpu",
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
        Three lengths, or three cell vectors as rows.
    steps, time_step
        How many, and how long one is.
    cutoff, skin
        Of the forces, and of the list; see :class:`reference_impl.neighbors.VerletList`.
    rebuild_every
        Steps between two lists, instead of a look at every step whether an atom moved ``skin / 2``. Pairs are
        missed when one moves farther before.
    precision, threads
        As in :class:`reference_impl.kernels.lennard_jones.BlockForces`. Positions and velocities are float64.
        Runs in tilted boxes, and without numba, are of float64 pairs on one thread whatever is asked for.
    backend
        ``"cpu"``, or ``"cupy"``: everything lies on the current CUDA device from start to end; or a
        :class:`reference_impl.cuda.Device`. There ``precision`` is as in :class:`reference_impl.cuda.DeviceForces`.
    sample_every
        The first, the last and every such step in between are looked at.
    on_sample
        Called with each :class:`Sample` as it is made.
    on_frame
        The same, with the positions and velocities of that step.

    Raises
    ------
    ValueError
        For a system that the list or the forces refuse, negative ``steps``, ``sample_every`` or ``rebuild_every``
        below one, any of them no whole number, a ``time_step`` that is not finite, and options other than these. In a
        run whose atoms fly apart the first that is lost is named. With a device also for tilted boxes, and more
        threads than one.
    reference_impl.cuda.NoDeviceError
        For ``backend="cupy"`` without CuPy or a device.
    """
    steps, sample_every = whole(steps, "steps"), whole(sample_every, "sample_every")
    every = 0 if rebuild_every is None else whole(rebuild_every, "rebuild_every")
    if steps < 0 or sample_every < 1:
        raise ValueError(f"got steps={steps}, sample_every={sample_every}, allowed: 0 and more, 1 and more")
    if rebuild_every is not None and every < 1:
        raise ValueError(f"got rebuild_every={rebuild_every}, allowed: 1 and more, or None")
    if not np.isfinite(time_step):
        raise ValueError(f"got time_step={time_step}, allowed: finite")
    here, moving = as_positions(positions), as_positions(velocities)
    if here.shape != moving.shape or len(here) < 2:
        raise ValueError(
            f"got shapes {here.shape} and {moving.shape}, allowed: twice the same (N, 3), N >= 2"
        )
    checked_box = VerletList(cutoff, skin, Box.closed(box)).box
    pace = Pace(float(time_step), float(cutoff), float(skin), every)
    run = _started(here, moving, checked_box, pace, precision=precision, threads=threads, backend=backend)
    samples: list[Sample] = []
    with closing(run):
        step = 0
        while True:
            samples.append(_sample(step, run, checked_box, cutoff, atoms=len(here)))
            if on_sample is not None:
                on_sample(samples[-1])
            if on_frame is not None:
                on_frame(samples[-1], wrapped(run.positions(), checked_box), run.velocities())
            if step == steps:
                break
            more = min(sample_every - step % sample_every, steps - step)
            run.advance(more)
            step += more
    return Simulation(
        wrapped(run.positions(), checked_box), run.velocities(), tuple(samples), run.list_builds
    )


def _started(  # noqa: PLR0913 - those of simulate
    positions: NDArray[np.float64],
    velocities: NDArray[np.float64],
    box: Box,
    pace: Pace,
    *,
    precision: Precision | DevicePrecision,
    threads: int,
    backend: Literal["cpu", "cupy"] | Device,
) -> BlockRun | DeviceRun | ListRun:
    if backend == "cpu":
        dtype, threads = checked_precision(precision), checked_threads(threads)
        if HAS_NUMBA and box.is_orthorhombic:
            return BlockRun(positions, velocities, box.lengths, pace, dtype=dtype, threads=threads)
        return ListRun(positions, velocities, box, pace)
    if isinstance(backend, str) and backend != "cupy":
        raise ValueError(f"got backend={backend!r}, allowed: cpu, cupy, or a reference_impl.cuda.Device")
    if threads != 1:
        raise ValueError(f"got threads={threads} with a device, allowed: 1; they are of the CPU")
    lengths = box.lengths  # before a device is asked for: a tilted box has none
    device = CupyDevice() if isinstance(backend, str) else backend
    return DeviceRun(positions, velocities, lengths, pace, device=device, precision=precision)


def _sample(step: int, run: BlockRun | DeviceRun | ListRun, box: Box, cutoff: float, *, atoms: int) -> Sample:
    energy, virial, kinetic = run.energy, run.virial, run.kinetic_energy
    if not np.isfinite(energy + virial):
        last = as_positions(run.positions())
        pair = nearest_pair(last, box, neighbor_list(last, box, cutoff))
        allowed = "a smaller time_step" if step else "distances whose forces the precision can hold"
        raise ValueError(f"{pair} at step {step}, their energy {energy:.3g}; allowed: {allowed}")
    if not np.isfinite(kinetic):
        fastest = int(abs(run.velocities()).max(axis=1).argmax())
        raise ValueError(
            f"atom {fastest} is so fast at step {step} that its kinetic energy is not finite; "
            "allowed: smaller velocities, or a smaller time_step"
        )
    return Sample(
        step,
        energy / atoms,
        kinetic / atoms,
        temperature_of(kinetic, atoms),
        pressure_of(kinetic, virial, box.volume),
    )
