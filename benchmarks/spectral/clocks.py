"""What the benchmarks of this folder share: CPU and wall seconds of a call, and a table's cells of both."""

from __future__ import annotations

import statistics
import time

from contest import ratio

HEADER = f"{'CPU ms':>10} {'gain':>8} {'wall gain':>10}"


def timed(run, calls):
    """(CPU seconds, wall seconds) of a call: others on the machine cost wall seconds, threads save them."""
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(calls):
        run()
    return (time.process_time() - cpu) / calls, (time.perf_counter() - wall) / calls


def cells(own, peer):
    """Median of the CPU ms, and how many times as fast as the peer by CPU and by wall seconds."""
    (cpu, wall), (peer_cpu, peer_wall) = (list(zip(*times, strict=True)) for times in (own, peer))
    return f"{statistics.median(cpu) * 1e3:10.3f} {ratio(peer_cpu, cpu):7.2f}x {ratio(peer_wall, wall):9.2f}x"
