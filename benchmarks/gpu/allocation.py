"""What the allocator of the cupy probe costs per allocation: the target is 100 ns.

    python benchmarks/gpu/allocation.py > benchmarks/gpu/results/allocation.txt

Two loops of ``cupy.cuda.alloc`` take turns, one with a window open; printed is the median of their differences, with
the quartiles. With a device the pool is CuPy's. Without one ``cupy.cuda.alloc`` hands out host memory: everything is
CuPy's own but the pool, whose counter is then a built-in method (a floor: the real one takes a lock and asks for the
current device) and a method in Python (a ceiling).
"""

from __future__ import annotations

import ctypes
import os
import statistics
import sys
import time
from importlib import metadata
from pathlib import Path

import cupy

sys.path.insert(0, str(Path(__file__).parents[2]))

from pytest_memguard.model import WindowPlan
from pytest_memguard.probes import make_probe
from pytest_memguard.timing.machine import describe_machine

PAIRS, LOOPS = 401, 1000
SIZE = 1024


class HostPool:
    """Hands out one buffer again and again; ``used_bytes`` never rises, as in a loop that has settled."""

    def __init__(self, *, is_builtin: bool) -> None:
        self._buffer = ctypes.create_string_buffer(SIZE)
        memory = cupy.cuda.UnownedMemory(ctypes.addressof(self._buffer), SIZE, self._buffer, device_id=0)
        self._pointer = cupy.cuda.MemoryPointer(memory, 0)
        if is_builtin:
            self.used_bytes = SIZE.bit_length  # a built-in method that returns a small number

    def malloc(self, size):  # noqa: ARG002 - the interface of an allocator
        return self._pointer

    def used_bytes(self):
        return 1024

    def total_bytes(self):
        return 1024


def _pools():
    if cupy.cuda.is_available():
        name = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
        return {f"CuPy's pool on {name}": cupy.get_default_memory_pool()}
    cupy.cuda.runtime.getDevice, cupy.cuda.runtime.getDeviceCount = lambda: 0, lambda: 1
    return {
        "host memory, counter built in": HostPool(is_builtin=True),
        "host memory, counter in Python": HostPool(is_builtin=False),
    }


def _loop_ns() -> float:
    alloc, loops = cupy.cuda.alloc, range(LOOPS)
    start = time.process_time_ns()
    for _ in loops:
        alloc(SIZE)
    return (time.process_time_ns() - start) / LOOPS


def _measured(pool) -> tuple[list[float], list[float]]:
    """Nanoseconds per allocation without and with a window, in turns."""
    cupy.cuda.set_allocator(pool.malloc)
    probe = make_probe("cupy")
    plain, wrapped = [], []
    keep = cupy.cuda.alloc(SIZE)  # so that the mark is above what the loop reaches
    for number in range(PAIRS):
        for is_open in (number % 2 == 0, number % 2 != 0):
            if not is_open:
                plain.append(_loop_ns())
                continue
            window = probe.open(WindowPlan())
            first = cupy.cuda.alloc(SIZE)  # raises the mark of the window once
            del first
            wrapped.append(_loop_ns())
            window.close()
    del keep
    return plain, wrapped


def main() -> None:
    print(f"{describe_machine()}; Python {sys.version.split()[0]}, cupy {cupy.__version__}, "
          f"pytest-memguard {metadata.version('pytest-memguard')}")  # fmt: skip
    load = f"; load of the machine {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"{PAIRS} pairs of loops of {LOOPS} allocations of {SIZE} B, time of the processor{load}\n")
    print(f"{'pool':<40}{'plain ns':>10}{'window ns':>11}{'cost ns':>9}{'quartiles':>14}")
    for name, pool in _pools().items():
        plain, wrapped = _measured(pool)
        low, cost, high = statistics.quantiles((b - a for a, b in zip(plain, wrapped, strict=True)), n=4)
        print(
            f"{name:<40}{statistics.median(plain):>10.0f}{statistics.median(wrapped):>11.0f}"
            f"{cost:>9.0f}{f'{low:.0f} to {high:.0f}':>14}"
        )


if __name__ == "__main__":
    main()
