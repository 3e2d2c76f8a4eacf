"""Divergence against numpy.gradient, and the loop of a relaxation solver against plain NumPy: time and memory.

Run ``OMP_NUM_THREADS=1 python benchmarks/spectral/divergence.py [--keep]``: one thread for all that do
not say otherwise. The contestants take turns, and all numbers are compared first: those of numpy.gradient must be met
bit for bit. ``a + b`` into an array that is there reads two fields, and as any plain store, the result's lines before
it writes them: as much memory as a divergence must move that writes past the caches. It says what memory allows here.
"""

from __future__ import annotations

import argparse
import sys
import tracemalloc
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "guard"))
from clocks import HEADER, cells, timed
from contest import interleaved, machine, publish

from reference_impl.layout import aligned_empty
from reference_impl.memory import ArrayPool
from reference_impl.spectral import FFTWorkspaces, Fluid, divergence, relaxation_step
from reference_impl.spectral.difference_kernels import by_slices
from reference_impl.spectral.oracle import plain_relaxation_step

FLUID = Fluid(
    shear_viscosity=0.3,
    bulk_viscosity=0.2,
    relaxation_time=0.4,
    enthalpy_density=1.3,
    lengths=(2.0, 3.0, 2.5),
)


def of_numpy(components, spacing):
    return sum(np.gradient(component, spacing, axis=axis) for axis, component in enumerate(components))


def high_water_bytes(run):
    """Bytes of arrays that ``run`` held at once, beside what was there before."""
    tracemalloc.start()
    run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def table(runs, peer, rounds, calls):
    peaks = {name: high_water_bytes(run) for name, run in runs.items()}
    seconds = interleaved({name: partial(timed, run, calls) for name, run in runs.items()}, rounds)
    for name, own in seconds.items():
        yield f"  {name:40}{cells(own, seconds[peer])} {peaks[name] / 2**20:10.2f}"


def divergences(n, dtype, rounds):
    rng = np.random.default_rng(0)
    components = [aligned_empty((n, n, n), dtype) for _ in range(3)]
    for component in components:
        component[...] = rng.normal(size=(n, n, n))
    interleaved_field = np.moveaxis(np.ascontiguousarray(np.stack(components, axis=-1)), -1, 0)
    out = aligned_empty((n, n, n), dtype)
    peer = "numpy.gradient, spacing 0.1"
    runs = {}
    for spacing in (0.1, 0.5):
        expected = of_numpy(components, spacing)
        steps = np.multiply.outer((spacing,) * 3, (1.0, 2.0)).astype(dtype)
        new = {
            f"numpy.gradient, spacing {spacing}": partial(of_numpy, components, spacing),
            f"divergence, spacing {spacing}": partial(divergence, components, spacing, out=out),
            f"divergence, interleaved, spacing {spacing}": partial(
                divergence, interleaved_field, spacing, out=out
            ),
        }
        if n > 64:
            new[f"divergence, two threads, spacing {spacing}"] = partial(
                divergence, components, spacing, out=out, threads=2
            )
        if spacing == 0.1:
            new["numpy.gradient, interleaved, spacing 0.1"] = partial(of_numpy, interleaved_field, spacing)
            new["NumPy by slices, spacing 0.1"] = partial(by_slices, components, steps, out)
        for name, run in new.items():
            assert np.array_equal(run() if run.func is not by_slices else run() or out, expected), name
        runs |= new
    runs["a + b"] = partial(np.add, *components[:2], out=out)
    calls = max(1, int(0.1 / timed(runs[peer], 2)[0]))
    yield ""
    yield f"{f'divergence of {n} x {n} x {n}, {np.dtype(dtype).name}':42}{HEADER}  MiB taken"
    yield from table(runs, peer, rounds, calls)


def loops(n, rounds):
    rng = np.random.default_rng(0)
    velocity, stress = rng.normal(size=(3, n, n, n)), rng.normal(size=(6, n, n, n))
    expected = plain_relaxation_step(velocity, stress, FLUID, 1e-4)
    runs = {"plain NumPy": partial(plain_relaxation_step, velocity, stress, FLUID, 1e-4)}
    held = {}
    for engine in ("scipy", "fftw"):
        if engine == "fftw" and not find_spec("pyfftw"):
            continue
        memory = {"workspaces": FFTWorkspaces(engine=engine), "pool": ArrayPool()}
        state = velocity.copy(), stress.copy()
        relaxation_step(*state, FLUID, 1e-4, **memory)
        for found, wanted in zip(state, expected, strict=True):
            assert np.abs(found - wanted).max() <= 1e-12 * np.abs(wanted).max()
        # A step of no length: the state stays finite however often it is taken.
        runs[f"pooled, {engine}"] = partial(relaxation_step, *state, FLUID, 0.0, **memory)
        held[engine] = memory
    yield ""
    state_bytes = velocity.nbytes + stress.nbytes
    yield f"{f'relaxation step, {n} x {n} x {n}, {state_bytes / 2**20:.0f} MiB':42}{HEADER}  MiB taken"
    yield from table(runs, "plain NumPy", rounds, 1)
    for engine, memory in held.items():
        workspaces, pool = memory["workspaces"], memory["pool"]
        reserved = (workspaces.reserved_bytes + pool.reserved_bytes) / 2**20
        rate = workspaces.hits / workspaces.allocations
        yield f"  {engine}: pools hold {reserved:.2f} MiB, hit rate of the workspaces {rate:.4f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--keep", action="store_true", help="write the table to results/")
    options = parser.parse_args()
    lines = [
        machine(),
        f"medians of {options.rounds} interleaved rounds (of 5 for a step); gain: times as fast as the first",
    ]
    for n, dtype in ((64, np.float64), (128, np.float64), (192, np.float64), (128, np.float32)):
        lines += divergences(n, dtype, options.rounds)
    for n in (64, 128):
        lines += loops(n, 5)
    publish("divergence", lines, is_kept=options.keep, folder=Path(__file__).parent)


if __name__ == "__main__":
    main()
