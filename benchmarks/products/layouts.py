"""Matrix products: what row-major and column-major factors cost, and what tiles cost, against ``a @ b`` (BLAS).

Run ``OPENBLAS_NUM_THREADS=1 python benchmarks/products/layouts.py [--keep]``: one thread for all. The contestants take
turns; each result is held against that of ``a @ b`` first, which is the peer of every ratio.
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

from reference_impl.backends import HAS_NUMBA, jit
from reference_impl.products import blocked_product, chunked_product

SIZE = 600  # no power of two, whose columns would meet in the same lines of the cache
ROWS, COLUMNS = np.ascontiguousarray, np.asfortranarray
LAYOUTS = {"rows, rows": (ROWS, ROWS), "rows, columns": (ROWS, COLUMNS), "columns, rows": (COLUMNS, ROWS),
           "columns, columns": (COLUMNS, COLUMNS)}  # fmt: skip


@jit
def inner_products(a, b, out):
    """The loops of the textbook: the innermost goes along a row of ``a`` and a column of ``b``."""
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            total = 0.0
            for k in range(a.shape[1]):
                total += a[i, k] * b[k, j]
            out[i, j] = total


@jit
def rows_of_b(a, b, out):
    """The same with the innermost along rows of ``b`` and ``out``."""
    out[:] = 0.0
    for i in range(a.shape[0]):
        total = out[i]
        for k in range(a.shape[1]):
            factor, row = a[i, k], b[k]
            for j in range(row.size):
                total[j] += factor * row[j]


def into_new(kernel):
    def run(a, b):
        out = np.empty((a.shape[0], b.shape[1]))
        kernel(a, b, out)
        return out

    return run


def timed(run):
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def table(title, contestants, makers, rounds):
    yield ""
    yield f"{title:24}" + "".join(f"{name:>24}" for name in makers)
    rng = np.random.default_rng(0)
    a, b = rng.random((2, SIZE, SIZE))
    runs = {
        (name, layout): partial(run, of_a(a), of_b(b))
        for name, run in contestants.items()
        for layout, (of_a, of_b) in makers.items()
    }
    for key, run in runs.items():
        assert np.allclose(run(), a @ b), key
    seconds = interleaved({key: partial(timed, run) for key, run in runs.items()}, rounds)
    for name in contestants:
        row = f"{name:24}"
        for layout in makers:
            own = seconds[name, layout]
            times = ratio(own, seconds["a @ b", layout])
            row += f"{statistics.median(own) * 1e3:12.1f} ms {times:7.2f}x"
        yield row


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--keep", action="store_true", help="write the table to results/")
    options = parser.parse_args()
    lines = [
        machine(),
        f"{SIZE} x {SIZE}, float64, medians of {options.rounds} interleaved rounds",
        "ms, and times as long as a @ b in the same layout",
    ]
    contestants = {"a @ b": np.matmul}
    for name, memory in (("64 KiB", 2**16), ("512 KiB", 2**19), ("4 MiB", 2**22), ("16 MiB", 2**24)):
        contestants[f"chunked_product {name}"] = partial(chunked_product, memory_bytes=memory)
    if HAS_NUMBA:
        contestants["blocked_product"] = blocked_product
        contestants["loop of b's rows"] = into_new(rows_of_b)
        contestants["loop of inner products"] = into_new(inner_products)
    lines += table("factors by", contestants, LAYOUTS, options.rounds)
    text = "\n".join((*lines, ""))
    print(text, end="")
    if options.keep:
        (Path(__file__).parent / "results" / "layouts.txt").write_text(text)


if __name__ == "__main__":
    main()
