"""What guarding costs, and that it changes nothing.

Run ``python benchmarks/guard/overhead.py [numpy arrays heap] [--rounds 5] [--memray-rounds 1] [--keep]``.

numpy: NumPy's own tests of ``numpy.lib.function_base`` and ``numpy.linalg`` (many small objects); both contestants of
a round run at the same time on one core, and their CPU seconds are compared: the first line says how well that tells
equal from equal. arrays: a suite of arrays above 1 MB. heap: the cost per test with and without a million live
objects; there the contestants of a round take turns. Times are those of the test loop, ratios are medians of the
ratios within a round. Exits with 1 when an outcome differs.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from functools import partial
from pathlib import Path

from contest import (
    BARE_TRACEMALLOC,
    ENFORCE,
    MEMGUARD,
    OBSERVE,
    OBSERVE_PYTHON,
    at_once,
    differences,
    interleaved,
    machine,
    publish,
    ratio,
    run_pytest,
)

NUMPY = ("numpy.lib.tests.test_function_base", "numpy.linalg.tests.test_linalg")
MEMRAY = ("-p", "pytest_memray.plugin", "--memray")
ARRAYS = """
import numpy as np, pytest

@pytest.mark.parametrize("mebibytes", [1, 2, 4, 8, 16, 32] * 10)
def test_arrays(mebibytes):
    rows = mebibytes * 2**17 // 512
    a = np.linspace(0.0, 1.0, rows * 512).reshape(rows, 512)
    b = np.sqrt(a + 1.0)
    c = np.fft.rfft(b, axis=1)
    assert np.isfinite(c).all() and (a * b).sum() > 0.0 and np.sort(b, axis=0).shape == a.shape
"""
BUSY = 1.25
HEAP_CONFTEST = """
import os
KEPT = [[number] for number in range(int(os.environ["EXTRA_OBJECTS"]))]
"""
HEAP_SUITE = """
import pytest

@pytest.mark.parametrize("number", range(300))
def test_plain(number):
    assert sorted(range(50))

@pytest.mark.parametrize("number", range(300))
@pytest.mark.memory_budget(leak="0 B")
def test_marked(number):
    assert sorted(range(50))
"""


def numpy_tests(folder, module):
    return lambda *extra: run_pytest(("--pyargs", module, "-m", "not slow", *extra), folder=folder)


def verdict(found, limit):
    return "met" if found <= limit else "missed"


def table(title, results, peer, targets):
    """Seconds and ratios of one suite. ``targets``: name of a contestant to the peer it is held against, and limit."""
    lines = [title, f"  {'':34}{'wall':>9}{'CPU':>9}{'wall ratio':>12}{'CPU ratio':>11}"]
    walls = {name: [session.wall_seconds for session in sessions] for name, sessions in results.items()}
    cpus = {name: [session.cpu_seconds for session in sessions] for name, sessions in results.items()}
    for name in results:
        wall, cpu = statistics.median(walls[name]), statistics.median(cpus[name])
        lines.append(
            f"  {name:34}{wall:7.2f} s{cpu:7.2f} s"
            f"{ratio(walls[name], walls[peer]):11.3f}x{ratio(cpus[name], cpus[peer]):10.3f}x"
        )
    for name, (other, limit) in targets.items():
        # A single thread whose wall time is far above its CPU time was kept waiting by others: no ratio of walls then.
        busy = max(wall / cpu for n in (name, other) for wall, cpu in zip(walls[n], cpus[n], strict=True))
        by_cpu, by_wall = ratio(cpus[name], cpus[other]), ratio(walls[name], walls[other])
        wall_verdict = verdict(by_wall, limit) if busy < BUSY else f"not judged, wall up to {busy:.1f}x CPU"
        lines.append(
            f"  {name} / {other}, target {limit}x: CPU {by_cpu:.3f}x {verdict(by_cpu, limit)}; "
            f"wall {by_wall:.3f}x {wall_verdict}"
        )
    return lines


def outcome_lines(results, peer):
    reference = results[peer][0].outcomes
    lines, differ = [], 0
    for name, sessions in results.items():
        found = sorted({test for s in sessions for test in differences(reference, s.outcomes)})
        differ += len(found) if name.startswith("memguard") else 0
        lines += [f"  {name}: other outcome: {test}" for test in found[:10]]
    return [*lines, f"  outcomes of {len(reference)} tests: {differ} differ under memguard", ""], differ


def contest(run, contestants, rounds, memray_rounds):
    run()  # warm the disk cache and the byte code
    results = interleaved(
        {name: lambda extra=extra: run(*extra) for name, extra in contestants.items()}, rounds
    )
    if memray_rounds:
        results["pytest-memray"] = [run(*MEMRAY) for _ in range(memray_rounds)]
    return results


def overhead_on_numpy(folder, options):
    for module in NUMPY:
        run = numpy_tests(folder, module)
        first = run()  # warms the disk cache and the byte code, too
        lines, differ = [f"{module}, {len(first.outcomes)} tests"], 0
        for name, extra, peer, limit in (
            ("unguarded", (), "unguarded", None),
            ("memguard, enforce, no budgets", ENFORCE, "unguarded", None),
            ("memguard observe", OBSERVE, "unguarded", 1.05),
            ("bare tracemalloc", BARE_TRACEMALLOC, "unguarded", None),
            ("memguard observe, python probe", OBSERVE_PYTHON, "bare tracemalloc", 1.1),
            ("pytest-memray", MEMRAY, "unguarded", None),
        ):
            rounds = options.memray_rounds if extra is MEMRAY else options.rounds
            if not rounds:
                continue
            than = BARE_TRACEMALLOC if peer == "bare tracemalloc" else ()
            peers, sessions = at_once(partial(run, *than), partial(run, *extra), rounds)
            ratios = [
                mine.cpu_seconds / other.cpu_seconds for mine, other in zip(sessions, peers, strict=True)
            ]
            median = statistics.median(ratios)
            target = f", target {limit}x {verdict(median, limit)}" if limit else ""
            lines.append(f"  {name:32}{median:7.3f}x {peer} ({min(ratios):.3f} to {max(ratios):.3f}){target}")
            if extra is not MEMRAY:
                found = {
                    test for session in sessions for test in differences(first.outcomes, session.outcomes)
                }
                differ += len(found)
                lines += [f"    other outcome: {test}" for test in sorted(found)[:10]]
        yield [*lines, f"  {differ} outcomes differ", ""], differ


def overhead_on_arrays(folder, options):
    (Path(folder) / "test_arrays.py").write_text(ARRAYS)
    contestants = {
        "unguarded": (),
        "memguard observe": OBSERVE,
        "bare tracemalloc": BARE_TRACEMALLOC,
        "memguard observe, python probe": OBSERVE_PYTHON,
    }
    targets = {"memguard observe": ("unguarded", 1.02), "memguard observe, python probe": ("unguarded", 1.02)}

    def run(*extra):
        return run_pytest(("test_arrays.py", *extra), folder=folder)

    results = contest(run, contestants, options.rounds, options.memray_rounds)
    told, differ = outcome_lines(results, "unguarded")
    yield [*table("arrays of 1 to 32 MiB, 60 tests", results, "unguarded", targets), *told], differ


def cost_by_heap(folder, options):
    """CPU microseconds that guarding adds to one small test, by what else is alive in the session."""
    (Path(folder) / "conftest.py").write_text(HEAP_CONFTEST)
    (Path(folder) / "test_heap.py").write_text(HEAP_SUITE)
    guards = {
        "observe, heap and rss": ("test_plain", OBSERVE),
        "observe, python": ("test_plain", OBSERVE_PYTHON),
        "enforce, without a budget": ("test_plain", ENFORCE),
        'memory_budget(leak="0 B")': ("test_marked", ENFORCE),
    }
    contestants = {}
    for objects in (0, 1_000_000):
        env = {"EXTRA_OBJECTS": str(objects)}
        for test, extra in {"": ("test_plain", MEMGUARD), **guards}.items():
            name, arguments = extra
            contestants[test, objects] = lambda name=name, arguments=arguments, env=env: run_pytest(
                ("test_heap.py", "-k", name, *arguments), folder=folder, env=env
            )
    results = interleaved(contestants, options.rounds)
    lines = [f"CPU added per test, 300 tests{'':9}{'bare session':>14}{'10^6 objects':>14}"]
    for name in guards:
        columns = ""
        for objects in (0, 1_000_000):
            pairs = zip(results[name, objects], results["", objects], strict=True)
            added = statistics.median((a.cpu_seconds - b.cpu_seconds) / 300 for a, b in pairs)
            columns += f"{added * 1e6:11.0f} µs"
        lines.append(f"  {name:36}{columns}")
    (Path(folder) / "conftest.py").unlink()
    yield [*lines, ""], 0


PARTS = {"numpy": overhead_on_numpy, "arrays": overhead_on_arrays, "heap": cost_by_heap}


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", default=[*PARTS], metavar="|".join(PARTS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memray-rounds", type=int, default=0, help="rounds of pytest-memray, which is slow")
    parser.add_argument("--keep", action="store_true", help="write each table to results/")
    options = parser.parse_args()
    if unknown := set(options.parts) - PARTS.keys():
        parser.error(f"got {', '.join(sorted(unknown))}, accepted: {', '.join(PARTS)}")
    differing = 0
    for part in options.parts:
        with tempfile.TemporaryDirectory() as folder:
            lines = [machine(), f"{options.rounds} interleaved rounds", ""]
            for more, differ in PARTS[part](folder, options):
                lines += more
                differing += differ
        publish(f"overhead_{part}", lines, is_kept=options.keep)
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
