"""Fourier transforms in planned workspaces, against numpy.fft and scipy.fft.

Run ``OMP_NUM_THREADS=1 python benchmarks/spectral/transforms.py [--keep]``. The contestants take turns, and each result
is held against that of numpy.fft first, which is the peer of every ratio. "workspace" is a transform where the field
lies, "copied in and out" one of an array of the caller into another; the peers make a new array for each result, as
their users do. Planning is timed by itself.
"""

from __future__ import annotations

import argparse
import sys
import time
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import scipy.fft

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "guard"))
from clocks import HEADER, cells, timed
from contest import interleaved, machine, publish

from reference_impl.spectral import FFTWorkspaces, forward_transform

SHAPES = ((64, 64, 32), (128, 128, 128), (63, 65, 45), (4096,), (512, 512))
THREADS = (1, 2)


def contestants(shape, dtype):
    """Functions of the contestants, and seconds that each took to plan."""
    values = np.random.default_rng(0).random(shape).astype(dtype)
    kind = "fftn" if values.dtype.kind == "c" else "rfftn"
    peer = getattr(np.fft, kind)
    expected = peer(values)
    runs = {"numpy.fft": partial(peer, values), "scipy.fft": partial(getattr(scipy.fft, kind), values)}
    planning = {}
    for engine in ("scipy", "fftw", "fftw-patient"):
        if engine != "scipy" and not find_spec("pyfftw"):
            continue
        if engine == "fftw-patient" and values.size > 2**18:  # planned for minutes
            continue
        for threads in THREADS if engine == "fftw" else (1,):
            pool = FFTWorkspaces(engine=engine, threads=threads)
            start = time.perf_counter()
            workspace = pool.lease(shape, dtype)
            name = f"workspace {engine}" + (f", {threads} threads" if threads > 1 else "")
            planning[name] = time.perf_counter() - start
            workspace.field[...] = values
            worst = np.abs(workspace.forward() - expected).max() / np.abs(expected).max()
            assert worst <= 1e-12, (name, worst)
            # What is transformed again and again in place would overflow: zeros take the same instructions.
            workspace.field[...] = 0
            runs[name] = workspace.forward
            if threads == 1 and engine != "fftw-patient":
                out = np.empty_like(expected)
                runs[f"copied in and out, {engine}"] = partial(
                    forward_transform, values, workspaces=pool, out=out
                )
    return runs, planning


def rows(shape, dtype, rounds):
    runs, planning = contestants(shape, dtype)
    calls = max(1, int(0.005 / timed(runs["numpy.fft"], 3)[0]))
    seconds = interleaved({name: partial(timed, run, calls) for name, run in runs.items()}, rounds)
    yield ""
    yield f"{f'{np.dtype(dtype).name} {shape}':28}{HEADER}"
    for name, own in seconds.items():
        plan = f"  planned in {planning[name] * 1e3:.1f} ms" if name in planning else ""
        yield f"  {name:26}{cells(own, seconds['numpy.fft'])}{plan}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--keep", action="store_true", help="write the table to results/")
    options = parser.parse_args()
    lines = [
        f"{machine()}, scipy {scipy.__version__}",
        f"medians of {options.rounds} interleaved rounds; gain: how many times as fast as numpy.fft",
    ]
    for shape in SHAPES:
        for dtype in (np.complex128, np.float64):
            lines += rows(shape, dtype, options.rounds)
    publish("transforms", lines, is_kept=options.keep, folder=Path(__file__).parent)


if __name__ == "__main__":
    main()
