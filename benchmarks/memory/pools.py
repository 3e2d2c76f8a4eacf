"""What pools save: against NumPy's own allocation, against a pool as one writes it first, and on several threads.

Run ``python benchmarks/memory/pools.py [--rounds 15] [--keep]``. Contestants take turns; medians of CPU seconds and of
their ratios within a round.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
import threading
import time
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "guard"))
from contest import interleaved, machine, publish, ratio

from reference_impl.memory import ArrayPool, BlockPool, ThreadCaches, gc_scope, typed_pools

HERE = Path(__file__).parent
CALLS = 5_000
PAGE = 4096


class NaivePool:
    """What one writes first: a lock, a dict of lists, an id-keyed set of leases."""

    def __init__(self):
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


class OneLock:
    """A block pool that threads take turns at."""

    def __init__(self, pool):
        self.pool, self.lock = pool, threading.Lock()

    def allocate(self, nbytes):
        with self.lock:
            return self.pool.allocate(nbytes)

    def free(self, block):
        with self.lock:
            self.pool.free(block)


def timed(call, calls):
    """CPU seconds of one call."""
    start = time.process_time()
    for _ in range(calls):
        call()
    return (time.process_time() - start) / calls


def arrays(pool, shape):
    pool.release(pool.acquire(shape))


def blocks(pool, nbytes):
    pool.free(pool.allocate(nbytes))


def blocks_of_random_sizes(pool, sizes):
    """One allocate and free for each size, 64 blocks alive at a time."""
    live = [pool.allocate(0) for _ in range(64)]
    for k, nbytes in enumerate(sizes):
        pool.free(live[k % 64])
        live[k % 64] = pool.allocate(nbytes)
    for block in live:
        pool.free(block)


def touch(array):
    array.view(np.uint8)[::PAGE] = 1


def small(rounds):
    yield "acquire and release of 1000 numbers, every time"
    calls = {
        "np.empty": partial(np.empty, (1_000,)),
        "naive pool": partial(arrays, NaivePool(), (1_000,)),
        "ArrayPool": partial(arrays, ArrayPool(), (1_000,)),
        "BlockPool": partial(blocks, BlockPool(2**20), 8_000),
        "ThreadCaches": partial(blocks, ThreadCaches(BlockPool(2**20)), 8_000),
        "TypedPool": partial(arrays, typed_pools(2**20).real, (1_000,)),
    }
    runs = {name: partial(timed, call, CALLS) for name, call in calls.items()}
    sizes = np.random.default_rng(0).integers(1, 5_000, CALLS).tolist()
    at_random = partial(blocks_of_random_sizes, BlockPool(2**22), sizes)
    runs["BlockPool, 1 to 5000 B at random"] = lambda: timed(at_random, 1) / CALLS
    results = interleaved(runs, rounds)
    targets = {"ArrayPool": 1e-6, "BlockPool": 2e-6}
    for name, seconds in results.items():
        middle = ratio(seconds, results["naive pool"])
        target = f", target {targets[name] * 1e6:.0f} µs" if name in targets else ""
        yield f"  {name:32s} {statistics.median(seconds) * 1e6:7.2f} µs   {middle:5.2f}x the naive pool{target}"


def large(rounds):
    yield "large arrays: of the system with its pages touched, against a pool's"
    yield "                   new           pool   pool, pages touched too"
    for megabytes in (1, 16, 64, 400):
        shape = (megabytes * 10**6 // 8,)
        pool = ArrayPool(2**30)
        touch(pool.acquire(shape))

        def new(shape=shape):
            touch(np.empty(shape))

        def touched(pool=pool, shape=shape):
            with pool.array(shape) as array:
                touch(array)

        calls = max(2, 64 // megabytes)
        contestants = {
            "new": (new, calls),
            "pool": (partial(arrays, pool, shape), 500),
            "touched": (touched, 3 * calls),
        }
        results = interleaved({name: partial(timed, *work) for name, work in contestants.items()}, rounds)
        seconds = statistics.median(results["new"]) * 1e3
        saved = [ratio(results["new"], results[name]) for name in ("pool", "touched")]
        targets = ", targets 100x and 20x" if megabytes >= 64 else ""
        yield f"  {megabytes:4d} MB {seconds:12.3f} ms {saved[0]:12.0f}x {saved[1]:8.1f}x{targets}"


def halves(rounds):
    """Allocation and release by themselves, of some arrays in a row: a single one is quicker than the clock."""
    shape, held = (8_000_000,), 8
    pool = ArrayPool(2**30)

    def new():
        array = np.empty(shape)
        touch(array)
        return array

    def both(take, leave):
        start = time.process_time()
        arrays = [take() for _ in range(held)]
        middle = time.process_time()
        while arrays:
            leave(arrays.pop())
        return middle - start, time.process_time() - middle

    runs = {
        "new": partial(both, new, lambda _array: None),
        "pool": partial(both, partial(pool.acquire, shape), pool.release),
    }
    results = interleaved(runs, rounds)
    yield "64 MB, each half by itself: new with its pages touched, against a pool's"
    for k, name in enumerate(("allocation", "release")):
        halves_of = {way: [seconds[k] for seconds in found] for way, found in results.items()}
        yield f"  {name:12s} {ratio(halves_of['new'], halves_of['pool']):8.0f}x"


def per_operation(pool, threads):
    """CPU seconds of one allocate and free, with so many threads at it."""
    barrier = threading.Barrier(threads + 1)

    def work():
        barrier.wait()
        for _ in range(CALLS):
            pool.free(pool.allocate(1_000))

    team = [threading.Thread(target=work) for _ in range(threads)]
    for thread in team:
        thread.start()
    start = time.process_time()
    barrier.wait()
    for thread in team:
        thread.join()
    return (time.process_time() - start) / CALLS / threads


def threads(rounds):
    yield "four threads against one, per allocate and free of 1000 B"
    for name, pool in {
        "one lock": OneLock(BlockPool(2**22)),
        "BlockPool": BlockPool(2**22),
        "ThreadCaches": ThreadCaches(BlockPool(2**22)),
    }.items():
        results = interleaved({count: partial(per_operation, pool, count) for count in (1, 4)}, rounds)
        more = ratio(results[4], results[1])
        target = ", target 2x" if name == "ThreadCaches" else ""
        yield f"  {name:14s} {statistics.median(results[1]) * 1e6:7.2f} µs   {more:5.2f}x{target}"


def collections(rounds):
    kept = [[] for _ in range(1_000_000)]

    def plain():
        start = time.process_time()
        gc.collect()
        return time.process_time() - start

    def scoped():
        start = time.process_time()
        with gc_scope():
            pass
        return time.process_time() - start

    results = interleaved({"gc.collect()": plain, "gc_scope()": scoped}, rounds)
    yield f"one full collection with {len(kept):,} lists alive"
    for name, seconds in results.items():
        yield f"  {name:14s} {statistics.median(seconds) * 1e3:9.3f} ms"
    yield f"  {statistics.median(results['gc.collect()']) / statistics.median(results['gc_scope()']):.0f}x, target 3.7x"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--keep", action="store_true", help="write the table to results/")
    options = parser.parse_args()
    lines = [machine(), f"{options.rounds} interleaved rounds, medians of CPU time"]
    for part in (small, large, halves, threads, collections):
        lines += ["", *part(options.rounds)]
    publish("pools", lines, is_kept=options.keep, folder=HERE)


if __name__ == "__main__":
    main()
