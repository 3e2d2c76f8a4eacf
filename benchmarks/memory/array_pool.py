"""Acquire and release of an array pool, against a new array and against a naive pool.

Run ``python benchmarks/memory/array_pool.py``. The contestants take turns; medians of many rounds are
printed.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
from reference_impl.memory import ArrayPool

ROUNDS = 21


class NaivePool:
    """What one writes first: a lock, a dict of lists, an id-keyed set of leases."""

    def __init__(self):
        import threading

        self.lock = threading.Lock()
        self.idle = {}
        self.leases = {}

    def acquire(self, shape, dtype=np.float64):
        with self.lock:
            key = (tuple(shape), np.dtype(dtype).str)
            stack = self.idle.setdefault(key, [])
            array = stack.pop() if stack else np.empty(shape, dtype)
            self.leases[id(array)] = key
            return array

    def release(self, array):
        with self.lock:
            key = self.leases.pop(id(array))
            self.idle[key].append(array)


def seconds_per_call(call, calls):
    start = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - start) / calls


def touch(array):
    array.reshape(-1)[::512] = 1.0  # one write per 4 KiB page


def interleaved(contestants, calls):
    samples = {name: [] for name in contestants}
    for _ in range(ROUNDS):
        for name, call in contestants.items():
            samples[name].append(seconds_per_call(call, calls))
    return {name: statistics.median(values) for name, values in samples.items()}


def main():
    print("acquire + release, or one allocation; then the same with a write to each page")
    print(f"{'bytes':>12} {'np.empty':>13} {'naive pool':>13} {'ArrayPool':>13}")
    for n, calls in ((1_000, 20_000), (100_000, 5_000), (8_000_000, 10), (50_000_000, 3)):
        pool, naive = ArrayPool(max_bytes=2**32), NaivePool()

        def fresh(shape=(n,)):
            return np.empty(shape)

        def pooled(pool=pool, shape=(n,)):
            pool.release(pool.acquire(shape))

        def naively(pool=naive, shape=(n,)):
            pool.release(pool.acquire(shape))

        def pooled_and_touched(pool=pool, shape=(n,)):
            with pool.array(shape) as array:
                touch(array)

        plain = interleaved({"np.empty": fresh, "naive": naively, "pool": pooled}, max(calls, 2_000))
        touched = interleaved(
            {"np.empty": lambda: touch(fresh()), "pool": pooled_and_touched}, min(calls, 2_000)
        )
        print(f"{8 * n:12d}" + "".join(f"{seconds * 1e6:11.3f} µs" for seconds in plain.values()))
        ratio = touched["np.empty"] / touched["pool"]
        columns = f"{touched['np.empty'] * 1e6:11.3f} µs{'':14s}{touched['pool'] * 1e6:11.3f} µs"
        print(f"{'':12s}{columns}  {ratio:.1f}x")


if __name__ == "__main__":
    main()
