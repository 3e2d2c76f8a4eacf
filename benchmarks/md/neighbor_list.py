"""Half neighbor lists of a liquid: ``neighbor_list`` against vesin, which reuses its buffers, and SciPy's cKDTree.

Run ``python benchmarks/md/neighbor_list.py [--keep] [--atoms N ...]``; vesin is in the ``bench`` extra.

Density 0.8442, list radius 2.8, periodic; atoms in random order, or the same in a tilted box. The pairs are compared
first, and the run stops where they differ. Then all take turns: medians of milliseconds by the clock and of the
processor, and medians of the ratios to vesin with as many threads and in the same box, within a round. Ours makes
a new list each time; "portable" takes the loops of processors without AVX2. The peak is what a call adds to the
resident memory of a fresh process, compiled before (Linux), as MiB and by the bytes of the list in int32 CSR.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import vesin
from scipy.spatial import cKDTree

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "guard"))
from contest import interleaved, machine, publish, ratio

from reference_impl.box import Box
from reference_impl.neighbors import neighbor_list
from reference_impl.neighbors.cell_list import half_list
from reference_impl.neighbors.system import checked_system

DENSITY, CUTOFF = 0.8442, 2.5 + 0.3
TILT = np.array([[1.0, 0.0, 0.0], [0.3, 1.0, 0.0], [-0.2, 0.4, 1.0]])
TURNS = {1_000: (20, 11), 10_000: (4, 11), 100_000: (1, 7), 1_000_000: (1, 3)}  # lists of a turn, rounds
PEAKS_AT = (100_000, 1_000_000)


def liquid(atoms, *, tilted=False):
    """Atoms of a jittered lattice in random order, wrapped, and the cell vectors of their box."""
    rng = np.random.default_rng(atoms)
    side = int(np.ceil(atoms ** (1 / 3)))
    lattice = np.stack(np.meshgrid(*[np.arange(side)] * 3, indexing="ij"), -1).reshape(-1, 3)[:atoms]
    cell = (TILT if tilted else np.eye(3)) * (atoms / DENSITY) ** (1 / 3)
    fractions = (lattice + 0.5) / side + rng.normal(0, 0.1, (atoms, 3)) / cell[0, 0]
    return rng.permutation(fractions % 1) @ cell, cell


def contestants(atoms):
    """``{(program, threads): a call that makes the list}``, vesin first."""
    box, tilted = liquid(atoms), liquid(atoms, tilted=True)
    found = {}
    for threads in (1, 2):
        for name, system in (("vesin", box), ("vesin, tilted", tilted)):
            found[name, threads] = partial(by_vesin(threads), *system)
        for order in ("caller", "sorted"):
            options = {"order": order, "threads": threads}
            found[order, threads] = partial(neighbor_list, *box, CUTOFF, **options)
            found[f"{order}, tilted", threads] = partial(neighbor_list, *tilted, CUTOFF, **options)
    found["portable", 1] = partial(by_portable_loops, *box)
    found["SciPy cKDTree", 1] = partial(by_tree, *box)
    return found


def by_vesin(threads):
    peer = vesin.NeighborList(cutoff=CUTOFF, full_list=False, n_threads=threads)

    def run(positions, cell):
        return peer.compute(points=positions, box=cell, periodic=True, quantities="P", copy=False)[0]

    return run


def by_tree(positions, cell):
    return cKDTree(positions, boxsize=cell.diagonal()).query_pairs(CUTOFF, output_type="ndarray")


def by_portable_loops(positions, cell):
    return half_list(*checked_system(positions, Box.of(cell), CUTOFF, ()), vectors=False)


def pairs_of(result):
    """Sorted, as one number each; of any contestant."""
    if hasattr(result, "indptr"):
        first = np.repeat(np.arange(len(result.indptr) - 1), np.diff(result.indptr))
        pairs = np.stack([first, result.indices], axis=1)
        pairs = pairs if result.order is None else result.order[pairs]
    else:
        pairs = np.asarray(result)
    pairs = pairs.astype(np.int64)
    return np.sort(pairs.min(axis=1) * 2**32 + pairs.max(axis=1))


def turn(call, lists):
    clock, processor = time.perf_counter(), time.process_time()
    for _ in range(lists):
        call()
    return (time.perf_counter() - clock) / lists, (time.process_time() - processor) / lists


def peer_of(name, threads):
    return ("vesin, tilted" if "tilted" in name else "vesin", threads)


def rows(atoms):
    lists, rounds = TURNS[atoms]
    calls = contestants(atoms)
    expected = {
        key: pairs_of(call()) for key, call in calls.items() if key in {("vesin", 1), ("vesin, tilted", 1)}
    }
    for key, call in calls.items():
        if not np.array_equal(pairs_of(call()), expected[peer_of(key[0], 1)]):
            sys.exit(f"{key}: not the pairs of vesin")
    turns = interleaved({key: partial(turn, call, lists) for key, call in calls.items()}, rounds)
    for (name, threads), found in turns.items():
        clock, processor = (statistics.median(seconds[k] for seconds in found) * 1e3 for k in (0, 1))
        peers = turns[peer_of(name, threads)]
        times = [ratio([p[k] for p in peers], [f[k] for f in found]) for k in (0, 1)]
        yield f"{atoms:8d}  {name:15} {threads:7d} {clock:10.3f} {processor:10.3f} {times[0]:9.1f} {times[1]:9.1f}"


def peak_rows(atoms):
    size = 8 * (atoms + 1) + 4 * len(neighbor_list(*liquid(atoms), CUTOFF).indices)
    for name, threads in contestants(1_000):
        command = [sys.executable, __file__, "--peak", name, str(threads), str(atoms)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        growth = int(done.stdout)
        yield f"{atoms:8d}  {name:15} {threads:7d} {growth / 2**20:10.1f} {growth / size:9.2f}"


def peak_growth(key, atoms):
    """Bytes that one call adds to this process at most."""
    contestants(1_000)[key]()  # compiled, or read from the cache
    call = contestants(atoms)[key]
    Path("/proc/self/clear_refs").write_text("5")
    before = status("VmRSS")
    kept = call()
    growth = status("VmHWM") - before
    del kept
    return growth


def status(field):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keep", action="store_true", help="write results/neighbor_list.txt")
    parser.add_argument("--atoms", type=int, nargs="+", choices=TURNS, default=list(TURNS))
    parser.add_argument("--peak", nargs=3, metavar=("NAME", "THREADS", "ATOMS"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.peak:
        name, threads, atoms = asked.peak
        print(peak_growth((name, int(threads)), int(atoms)))
        return
    lines = [
        machine(),
        f"vesin {vesin.__version__}",
        "",
        "                                  ms by            ms of the   vesin's, as many threads",
        "   atoms  list            threads  the clock  processor     clock processor",
        *(row for atoms in asked.atoms for row in rows(atoms)),
    ]
    if Path("/proc/self/clear_refs").exists():
        lines += ["", "   atoms  list            threads   MiB peak   by list"]
        lines += [row for atoms in asked.atoms if atoms in PEAKS_AT for row in peak_rows(atoms)]
    publish("neighbor_list", lines, is_kept=asked.keep, folder=Path(__file__).parent)


if __name__ == "__main__":
    main()
