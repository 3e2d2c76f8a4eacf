"""Half neighbor lists of a Lennard-Jones liquid: this package against vesin, one thread each.

Run ``python benchmarks/md/neighbor_list.py``. The contestants take turns; medians are printed, and the pairs are
compared first. vesin reuses its buffers; ours allocates its result anew each time.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

import numpy as np
import vesin

sys.path.insert(0, str(Path(__file__).parents[2]))
from reference_impl.box import Box
from reference_impl.neighbors import HalfList, neighbor_list
from reference_impl.neighbors.cell_list import half_list
from reference_impl.neighbors.lists import half_from_pairs
from reference_impl.neighbors.system import checked_system

DENSITY, CUTOFF = 0.8442, 2.5 + 0.3


def liquid(atoms, seed=0):
    """Atoms of a jittered lattice in random order, wrapped; the box is cubic."""
    length = (atoms / DENSITY) ** (1 / 3)
    rng = np.random.default_rng(seed)
    side = int(np.ceil(atoms ** (1 / 3)))
    lattice = np.stack(np.meshgrid(*[np.arange(side)] * 3, indexing="ij"), -1).reshape(-1, 3)[:atoms]
    positions = (lattice + 0.5) / side * length + rng.normal(0, 0.1, (atoms, 3))
    return rng.permutation(positions % length), np.full(3, length)


def main():
    print(
        f"{'atoms':>8} {'pairs':>9}  vesin {vesin.__version__}, ms    neighbor_list, ms   portable loops, ms"
    )
    for atoms, rounds in ((1_000, 41), (10_000, 21), (100_000, 9)):
        positions, lengths = liquid(atoms)
        peer = vesin.NeighborList(cutoff=CUTOFF, full_list=False)

        def run_vesin(peer=peer, positions=positions, lengths=lengths):
            return peer.compute(
                points=positions, box=np.diag(lengths), periodic=True, quantities="P", copy=False
            )[0]

        def run_ours(positions=positions, lengths=lengths):
            return neighbor_list(positions, lengths, CUTOFF)

        def run_portable(positions=positions, lengths=lengths):
            return half_list(*checked_system(positions, Box.of(lengths), CUTOFF, ()), vectors=False)

        pairs = np.sort(np.asarray(run_vesin()), axis=1).astype(np.int32)
        same = half_from_pairs(pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))], atoms).pairs()
        samples = {run_vesin: [], run_ours: [], run_portable: []}
        for run in (run_ours, run_portable):
            result = run()
            assert isinstance(result, HalfList)
            assert np.array_equal(result.pairs(), same), "not the pairs of vesin"
        for _ in range(rounds):
            for run, seconds in samples.items():
                start = time.perf_counter()
                run()
                seconds.append(time.perf_counter() - start)
        theirs, *ours = (statistics.median(seconds) * 1e3 for seconds in samples.values())
        columns = "".join(f"{ms:13.3f} ({theirs / ms:4.1f}x)" for ms in ours)
        print(f"{atoms:8d} {len(same):9d} {theirs:15.3f} {columns}")


if __name__ == "__main__":
    main()
