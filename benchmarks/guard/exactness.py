"""Known allocations against what the probes read.

Run ``python benchmarks/guard/exactness.py [--repeats 5] [--keep]``. Exits with 1 when a reading is out of bounds.

python: the peak of a bytearray, a list and an array, within 0.1 % or 16 KiB. rss: the peak of freshly touched
pages, and what stays resident, within one page per mapping and what the kernel's own counters lag behind: Linux adds
to each of its three (anonymous, file, shared) in batches, of 64 pages a thread before 6.2 and since then of
max(32, 2 * CPUs) pages a CPU (lib/percpu_counter.c). heap: retained bytes of malloc(3), exactly what its chunks take.
"""

from __future__ import annotations

import argparse
import ctypes
import mmap
import os
import sys

import numpy as np
from contest import machine, publish

from pytest_memguard.model import WindowPlan
from pytest_memguard.probes import make_probe
from pytest_memguard.units import format_bytes

SIZES = tuple(4096 * 4**power for power in range(9))  # 4 KiB .. 256 MiB
PAGE = mmap.PAGESIZE
CPUS = os.cpu_count() or 1
KERNEL_LAG = 3 * max(64, max(32, 2 * CPUS) * CPUS) * PAGE


def python_peak(probe, nbytes, allocate):
    window = probe.open(WindowPlan(wants_peak=True))
    block = allocate(nbytes)
    del block
    return window.close().peak_bytes


def two_arrays(nbytes):
    one = np.zeros(nbytes // 16)  # named, or NumPy would reuse its memory for the result
    return one + 1.0


def python_errors(repeats):
    """Name, size, error and bound in bytes of every reading."""
    probe = make_probe("python")
    allocations = {
        "bytearray": bytearray,
        "list": lambda nbytes: [None] * (nbytes // 8),
        "array": lambda nbytes: np.ones(nbytes // 8),
        "two arrays at once": two_arrays,
    }
    for name, allocate in allocations.items():
        for nbytes in SIZES:
            for _ in range(repeats):
                error = python_peak(probe, nbytes, allocate) - nbytes
                yield f"python peak, {name}", nbytes, error, max(nbytes // 1000, 16 * 1024)


def touch(pages, nbytes):
    for offset in range(0, nbytes, PAGE):
        pages[offset] = 1


def rss_spike(probe, mappings, nbytes):
    """The peak of pages that are gone when the window closes."""
    window = probe.open(WindowPlan(wants_peak=True))
    held = [mmap.mmap(-1, nbytes) for _ in range(mappings)]
    for pages in held:
        touch(pages, nbytes)
    for pages in held:
        pages.close()
    return window.close().peak_bytes


def rss_errors(repeats):
    probe = make_probe("rss")
    for mappings in (1, 8):
        for nbytes in SIZES:
            for _ in range(repeats):
                each = max(PAGE, nbytes // mappings)
                window = probe.open(WindowPlan(wants_peak=True))
                held = [mmap.mmap(-1, each) for _ in range(mappings)]
                for pages in held:
                    touch(pages, each)
                bound = mappings * PAGE + KERNEL_LAG
                retained = window.mark().retained_bytes - mappings * each
                yield f"rss retained, mappings: {mappings}", mappings * each, retained, bound
                window.close()
                for pages in held:
                    pages.close()
                peak = rss_spike(probe, mappings, each) - mappings * each
                yield f"rss peak, mappings: {mappings}", mappings * each, peak, bound


def chunk_bytes(libc, block):
    """What malloc(3) takes for a block: its usable bytes and the size field; a mapping of its own, whole pages."""
    usable = libc.malloc_usable_size(block)
    size_field = ctypes.c_size_t.from_address(block - 8).value
    is_mapped = size_field & 2
    return (size_field & ~7) if is_mapped else usable + 8


def heap_errors(repeats):
    probe = make_probe("heap")
    libc = ctypes.PyDLL(None)
    libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, (ctypes.c_size_t,)
    libc.free.argtypes = libc.malloc_usable_size.argtypes = (ctypes.c_void_p,)
    libc.malloc_usable_size.restype = ctypes.c_size_t
    for nbytes in SIZES:
        for _ in range(repeats):
            window = probe.open(WindowPlan(wants_peak=False))
            before = window.mark().after.allocated_bytes
            block = libc.malloc(nbytes)
            after = window.mark().after.allocated_bytes
            expected = chunk_bytes(libc, block)
            libc.free(block)
            window.close()
            yield "heap retained, malloc", nbytes, after - before - expected, 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--keep", action="store_true", help="write the table to results/")
    options = parser.parse_args()
    lines = [machine(), f"{options.repeats} readings of each of {len(SIZES)} sizes, 4 KiB to 256 MiB", ""]
    lines += [f"{'':28}{'readings':>9}{'worst error':>14}{'at':>13}{'bound there':>13}{'beyond':>8}"]
    worst, beyond, count = {}, {}, {}
    for errors in (python_errors, rss_errors, heap_errors):
        for name, nbytes, error, bound in errors(options.repeats):
            count[name] = count.get(name, 0) + 1
            beyond[name] = beyond.get(name, 0) + (abs(error) > bound)
            if name not in worst or abs(error) / max(bound, 1) > abs(worst[name][0]) / max(worst[name][2], 1):
                worst[name] = error, nbytes, bound
    for name, (error, nbytes, bound) in worst.items():
        lines.append(
            f"{name:28}{count[name]:9}{error:12} B{format_bytes(nbytes):>13}{bound:11} B{beyond[name]:8}"
        )
    publish("exactness", lines, is_kept=options.keep)
    sys.exit(1 if any(beyond.values()) else 0)


if __name__ == "__main__":
    main()
