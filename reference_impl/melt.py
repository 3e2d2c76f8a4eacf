"""Melt a Lennard-Jones crystal: ``python -m reference_impl.melt --atoms 10000 --steps 1000``."""

from __future__ import annotations

import argparse
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from reference_impl.cuda import NoDeviceError
from reference_impl.dynamics import Sample, fcc_lattice, simulate, thermal_velocities

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

__all__ = ["main"]

_COLUMNS = ("step", "temperature", "potential", "total", "pressure")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m reference_impl.melt", description=__doc__)
    parser.add_argument(
        "--atoms", type=int, default=10_000, help="at least; whole cells of four (default: 10000)"
    )
    parser.add_argument("--steps", type=int, default=1_000)
    parser.add_argument("--density", type=float, default=0.8442)
    parser.add_argument("--temperature", type=float, default=1.44, help="of the first step")
    parser.add_argument("--time-step", type=float, default=0.005)
    parser.add_argument("--every", type=int, default=100, help="steps between two lines, and two frames")
    parser.add_argument("--trajectory", metavar="FILE", help="write frames to this new HDF5 file (H5MD)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--precision",
        choices=("float64", "float32", "mixed"),
        default="float64",
        help="of the arithmetic on pairs; mixed: float32, added up in float64, on a device",
    )
    parser.add_argument("--backend", choices=("cpu", "cupy"), default="cpu", help="cupy: a CUDA device")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    try:
        _run(asked)
    except (ValueError, OSError, NoDeviceError) as error:
        parser.error(str(error))
    return 0


def _check(asked: argparse.Namespace) -> None:
    """Before anything is made: a trajectory that stays behind would refuse the next, right call."""
    for name, least in (("steps", 0), ("every", 1), ("seed", 0)):
        if getattr(asked, name) < least:
            raise ValueError(f"got --{name} {getattr(asked, name)}, allowed: {least} and more")
    if not 0 < asked.time_step < float("inf"):
        raise ValueError(f"got --time-step {asked.time_step}, allowed: above 0, finite")
    if asked.trajectory is not None:
        path = Path(asked.trajectory)
        if path.exists() or not path.parent.is_dir():
            why = "which is there already" if path.exists() else f"but there is no folder {path.parent}"
            raise ValueError(f"got --trajectory {path}, {why}; allowed: a new file")


def _run(asked: argparse.Namespace) -> None:
    _check(asked)
    positions, box = fcc_lattice(asked.atoms, asked.density)
    velocities = thermal_velocities(len(positions), asked.temperature, np.random.default_rng(asked.seed))
    console = Console()
    console.print(f"{len(positions)} atoms in a box of {' x '.join(f'{length:.4g}' for length in box)}")
    console.print("".join(f"{name:>13}" for name in _COLUMNS))
    way = {"precision": asked.precision, "threads": asked.threads, "backend": asked.backend}
    # Compiled, or read from the cache, before the clock runs; and refused before there is a trajectory.
    simulate(positions, velocities, box, steps=0, **way)
    bar = (TextColumn("step"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        _recording(asked, box, len(positions)) as record,
        Progress(*bar, console=console, transient=True) as progress,
    ):
        task = progress.add_task("step", total=asked.steps)

        def show(sample: Sample) -> None:
            numbers = (sample.temperature, sample.potential_energy, sample.total_energy, sample.pressure)
            console.print(f"{sample.step:13}" + "".join(f"{number:13.6f}" for number in numbers))
            progress.update(task, completed=sample.step)

        started = time.perf_counter()
        run = simulate(
            positions,
            velocities,
            box,
            steps=asked.steps,
            time_step=asked.time_step,
            **way,
            sample_every=asked.every,
            on_sample=show,
            on_frame=record,
        )
        seconds = time.perf_counter() - started
    drift = run.samples[-1].total_energy - run.samples[0].total_energy
    console.print(f"energy drift {drift:+.2e} per atom; the list was built {run.list_builds} times")
    if asked.steps:
        console.print(
            f"{seconds / asked.steps / len(positions) * 1e9:.1f} ns per atom and step, {seconds:.3g} s"
        )


@contextmanager
def _recording(
    asked: argparse.Namespace, box: NDArray[np.float64], atoms: int
) -> Iterator[Callable[[Sample, NDArray[np.float64], NDArray[np.float64]], None] | None]:
    if asked.trajectory is None:
        yield None
        return
    from reference_impl.trajectory import Header, TrajectoryWriter  # noqa: PLC0415 - h5py is needed here alone

    names = Sample._fields[1:]
    header = Header(atoms=atoms, time_step=asked.time_step, velocities=True, observables=names)
    with TrajectoryWriter(asked.trajectory, header) as writer:

        def record(sample: Sample, positions: NDArray[np.float64], velocities: NDArray[np.float64]) -> None:
            observables = dict(zip(names, sample[1:], strict=True))
            writer.append(sample.step, positions, box=box, velocities=velocities, observables=observables)

        yield record


if __name__ == "__main__":
    raise SystemExit(main())
