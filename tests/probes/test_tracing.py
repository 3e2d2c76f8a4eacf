"""What tracemalloc itself holds, against what the C allocator says."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import sys, tracemalloc
from pytest_memguard.probes.heap import HeapProbe
from pytest_memguard.probes.tracing import is_tracing, stacks_bytes, stop_tracing, tables_bytes

namespace = {}
exec("def body():\\n" + "".join(f"  a = [{n}]\\n  b = [a]\\n" for n in range(1000)), namespace)
namespace["body"]()
heap = HeapProbe()
assert not is_tracing() and tables_bytes() == stacks_bytes() == 0
heap.fill_thread_cache()
before = heap.counters().allocated_bytes
tracemalloc.start(3)
namespace["body"]()
assert is_tracing() and 0 < tables_bytes() < stacks_bytes()
stop_tracing()
heap.fill_thread_cache()
kept = heap.counters().allocated_bytes - before
assert not is_tracing() and tables_bytes() == 0
print(kept, round(stacks_bytes()))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="mallinfo2 is glibc's")
def test_stacks_that_are_kept_are_within_the_bound():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    kept, bound = map(int, done.stdout.split())
    if sys.version_info < (3, 12, 5):
        assert 2_000 * 32 < kept <= bound < 2_000 * 200
    else:
        assert bound == 0
        assert abs(kept) < 2_000 * 4  # what the interpreter caches meanwhile, and no stack
