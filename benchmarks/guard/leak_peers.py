"""A handful of leaks and of what only looks like one, as memguard, pytest-memray and psleak judge them.

Run ``python benchmarks/guard/leak_peers.py [--keep]``. Every tool runs the same bodies, each case in a process of
its own, set to allow no leak: memguard ``leak="0 B"`` (one call, and ``rounds="auto"``), pytest-memray
``limit_leaks("1 KB")`` (one call; it judges each place of allocation by itself), psleak with its own defaults (calls
in growing numbers, with ``PYTHONMALLOC=malloc``, so that it sees Python's objects too). A dozen cases show kinds and
are no score: each tool has cases for which it was not made.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from contest import ENFORCE, machine, publish, run_pytest

BODIES = """
import ctypes, functools, logging, threading
import numpy as np

KEPT, TABLE, COUNTER = [], {}, iter(range(10**9))
LIBC = ctypes.CDLL(None)
LIBC.malloc.restype, LIBC.malloc.argtypes = ctypes.c_void_p, (ctypes.c_size_t,)
LIBC.free.argtypes = (ctypes.c_void_p,)
LOG = logging.getLogger("peers")
SCRATCH = bytearray()

@functools.lru_cache(maxsize=None)
def unbounded(key):
    return bytes(2_000)

@functools.lru_cache(maxsize=8)
def bounded(key):
    return bytes(2_000)

def leak_list():  # 100 kB appended to a list of the module
    KEPT.append(bytes(100_000))
def leak_small():  # one small object a call: 200 bytes
    KEPT.append(bytes(200))
def leak_array():  # a NumPy array kept
    KEPT.append(np.ones(5_000))
def leak_cache():  # functools.cache with a new key every call
    unbounded(next(COUNTER))
def leak_native():  # 4 KiB of malloc, never freed
    LIBC.malloc(4096)
def fine_list():  # 200 kB allocated and released
    assert sum([bytes(100_000)[0], bytes(100_000)[0]]) == 0
def fine_cycle():  # a reference cycle that holds 100 kB
    node = {"data": bytes(100_000)}
    node["self"] = node
def fine_bounded_cache():  # a bounded cache that fills up
    bounded(next(COUNTER) % 8)
def fine_scratch():  # a buffer of the module, grown once
    if not SCRATCH:
        SCRATCH.extend(bytes(100_000))
def fine_import():  # a module imported at the first call
    import xml.dom.pulldom
def fine_log():  # a log record, which pytest keeps
    LOG.warning("x" * 2_000)
def fine_native():  # malloc and free
    LIBC.free(LIBC.malloc(100_000))
"""
TEST = {
    "memguard, 1 call": '@pytest.mark.memory_budget(leak="0 B")',
    "memguard, auto": '@pytest.mark.memory_budget(leak="0 B", rounds="auto")',
    "memguard heap, auto": '@pytest.mark.memory_budget(leak="0 B", probe="heap", rounds="auto")',
    "pytest-memray": '@pytest.mark.limit_leaks("1 KB")',
}
PSLEAK = """
from psleak import MemoryLeakTestCase
class TestPeer(MemoryLeakTestCase):
    def test_case(self):
        self.execute({name})
"""
OPTIONS = {"pytest-memray": ("-p", "pytest_memray.plugin", "--memray"), "psleak": ()}


def cases():
    """Name of every body, and what it does."""
    for line in BODIES.splitlines():
        if line.startswith(("def leak_", "def fine_")):
            head, _, text = line.removeprefix("def ").partition("():  # ")
            yield head, text


def judge(folder, tool, name):
    """Whether the tool calls this case a leak, and the seconds that it took."""
    source = BODIES + "\nimport pytest\n"
    if tool == "psleak":
        source += PSLEAK.format(name=name)
    else:
        source += f"\n{TEST[tool]}\ndef test_case():\n    {name}()\n"
    (Path(folder) / "test_case.py").write_text(source)
    env = {"PYTHONMALLOC": "malloc", "PYTHONUNBUFFERED": "1"} if tool == "psleak" else {}  # it asks for them
    session = run_pytest(("test_case.py", *OPTIONS.get(tool, ENFORCE)), folder=folder, env=env)
    ((_, outcomes),) = session.outcomes.items()
    outcome = dict(outcomes)["call"]
    if outcome not in ("passed", "failed"):
        sys.exit(f"{tool} did not judge {name}: {outcome}")
    return outcome == "failed", session.wall_seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--keep", action="store_true", help="write the table to results/")
    options = parser.parse_args()
    tools = [*TEST, "psleak"]
    lines = [machine(), "", f"{'':44}" + "".join(f"{tool:>21}" for tool in tools)]
    right, seconds = dict.fromkeys(tools, 0), dict.fromkeys(tools, 0.0)
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, text in cases():
            is_leak = name.startswith("leak_")
            count += 1
            line = f"{'leak' if is_leak else 'fine'}  {text:38}"
            for tool in tools:
                says_leak, took = judge(folder, tool, name)
                right[tool] += says_leak == is_leak
                seconds[tool] += took
                verdict = "leak" if says_leak else "fine"
                line += f"{verdict if says_leak == is_leak else f'{verdict} (wrong)':>21}"
            lines.append(line)
    lines.append(f"{'right, of ' + str(count):44}" + "".join(f"{right[tool]:21}" for tool in tools))
    lines.append(f"{'seconds in all':44}" + "".join(f"{seconds[tool]:19.1f} s" for tool in tools))
    publish("leak_peers", lines, is_kept=options.keep)


if __name__ == "__main__":
    main()
