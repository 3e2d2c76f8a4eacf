"""The same numbers in other places: what a loop costs over records, over records without padding, and over arrays.

Run ``python benchmarks/layout/access.py [--keep]``. The peer of each line is its first column, an array of structures
padded as a C compiler does. The contestants take turns; results are compared first.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "guard"))
from contest import interleaved, machine, ratio

from reference_impl.layout import (
    aligned_zeros,
    array_of_structures,
    columns,
    smallest_dtype,
    structure_of,
    structure_of_arrays,
)

PARTICLE = np.dtype(
    [("kind", "i1"), ("x", "f8"), ("y", "f8"), ("z", "f8"), ("fixed", "?"), ("u", "f8"), ("v", "f8"), ("w", "f8"),
     ("charge", "f4")],
    align=True,
)  # fmt: skip


def sum_of_one_field(fields):
    return fields["x"].sum()


def square_of_speed(fields):
    return (fields["u"] ** 2 + fields["v"] ** 2 + fields["w"] ** 2).sum()


def move_in_place(fields):
    for place, velocity in zip("xyz", "uvw", strict=True):
        fields[place] += 1e-9 * fields[velocity]
    return fields["z"][-1]


def gather_whole_particles(held, order):
    if isinstance(held, dict):
        return {name: values[order] for name, values in held.items()}["charge"].sum()
    rows = held.view(np.uint8).reshape(
        len(held), -1
    )  # NumPy copies bytes at once, but structures field by field
    return np.take(rows, order, axis=0).view(held.dtype)["charge"].sum()


def timed(run, calls):
    start = time.perf_counter()
    for _ in range(calls):
        run()
    return (time.perf_counter() - start) / calls


def row(title, work, contestants, calls, rounds):
    """``work`` on each of the contestants, in turns; the first is the peer."""
    runs = {name: partial(timed, partial(work, given), calls) for name, given in contestants.items()}
    results = [work(given) for given in contestants.values()]
    assert np.allclose(results, results[0], rtol=1e-6), title
    seconds = interleaved(runs, rounds)
    peer = next(iter(seconds.values()))
    columns = [f"{statistics.median(s) * 1e3:11.3f} ({ratio(peer, s):5.2f}x)" for s in seconds.values()]
    return f"  {title:30}" + "".join(columns)


def layouts(count):
    rng = np.random.default_rng(0)
    padded = np.zeros(count, PARTICLE)
    for name in PARTICLE.names:
        padded[name] = rng.integers(0, 2, count) if name in ("kind", "fixed") else rng.random(count)
    arrays = structure_of_arrays(padded)
    return {"padded": padded, "packed": array_of_structures(arrays), "arrays": arrays}


def access(rounds):
    sizes = structure_of(PARTICLE)
    yield (
        f"{sizes.dtype.itemsize} B per padded record, {sizes.ordered.itemsize} B ordered, {sizes.packed.itemsize} B "
        "packed and in arrays; ms, and how many times as fast as padded records"
    )
    yield ""
    yield f"{'':32}" + "".join(f"{name:>20}" for name in ("padded records", "packed records", "arrays"))
    for count, calls in ((10_000, 50), (1_000_000, 1)):
        made = layouts(count)
        views = made | {name: columns(made[name]) for name in ("padded", "packed")}
        yield f"{count} particles"
        for work in (sum_of_one_field, square_of_speed, move_in_place):
            yield row(work.__name__.replace("_", " "), work, views, calls, rounds)
        gather = partial(gather_whole_particles, order=np.random.default_rng(1).permutation(count))
        yield row("gather whole particles", gather, made, calls, rounds)


def beginnings_and_sizes(rounds):
    yield ""
    yield f"{'a += b, in place':32}" + "".join(
        f"{name:>20}" for name in ("float64, aligned", "8 B further", "float32")
    )
    small = smallest_dtype(0, 1_000, precision=1e-3)
    for count, calls in ((1_000, 2_000), (100_000, 50), (4_000_000, 1)):
        pair = [aligned_zeros(count + 8) for _ in range(2)]
        contestants = {
            "aligned": [array[:count] for array in pair],
            "shifted": [array[1 : count + 1] for array in pair],
            "small": [aligned_zeros(count, small) for _ in range(2)],
        }
        yield row(f"{count} numbers", lambda pair: np.add(*pair, out=pair[0])[0], contestants, calls, rounds)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--keep", action="store_true", help="write the table to results/")
    options = parser.parse_args()
    lines = [machine(), f"medians of {options.rounds} interleaved rounds, one thread"]
    for line in (*lines, *access(options.rounds), *beginnings_and_sizes(options.rounds)):
        print(line, flush=True)
        lines.append(line)
    if options.keep:
        (Path(__file__).parent / "results" / "access.txt").write_text("\n".join((*lines[2:], "")))


if __name__ == "__main__":
    main()
