"""How often `memguard ab` cries wolf, and how often it finds a slow-down, on this machine.

    python benchmarks/timing_gate/power.py --minutes 30 [--load | --beside-work] [--peers N]

Compares real commits of a repository made for it: unchanged code, and code that does 5 % and 10 % more of the same
work, over five kinds of kernels in four sizes, each with a few functions more that nothing calls. Every comparison of a
benchmark is a line in the results file, so that counts of several runs add up; `--minutes 0` prints what there is. With
`--peers N` the rules of pytest-benchmark, asv and pyperf are asked, too, after every N-th run, about the same commits.
`--load` makes a neighbor that works in bursts; `--beside-work` only says that the machine has something else to do.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import peers
from power_report import report

from pytest_memguard.stats import LOOKS
from pytest_memguard.timing.layout import can_fix_addresses
from pytest_memguard.timing.settings import SliceSettings

RESULTS = Path(__file__).with_name("results") / "power.jsonl"
SUITE = Path(__file__).with_name("suite")
SLICE_MS = 1e3 * SliceSettings().slice_seconds
CHANGES = (0, 5, 10)  # percent of additional work
UNITS = 20
PEERS_PROCESSES, PEERS_SECONDS = 5, 0.3

UNUSED = """

def unused_{number}(first, second={number}):
    \"\"\"{words}\"\"\"
    return [first, second]
"""

NEIGHBOR = """
import random, time
block = bytearray(1 << 22)
while True:
    end = time.monotonic() + random.uniform(0.02, 0.6)
    while time.monotonic() < end:
        sum(bytes(block)[::4096])
    time.sleep(random.uniform(0.02, 0.6))
"""


def git(folder, *arguments):
    done = subprocess.run(("git", *arguments), cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def make_repository(folder):
    """A base, and a commit for every change; returns the commits of the changes."""
    git(folder, "init", "-q")
    git(folder, "config", "user.name", "power")
    git(folder, "config", "user.email", "power@example.org")
    shutil.copytree(SUITE, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    kernels = folder / "kernels.py"
    source = kernels.read_text()
    commits = {}
    for step, percent in enumerate(("base", *CHANGES)):
        units = UNITS if percent == "base" else UNITS * (100 + percent) // 100
        changed = source.replace(f"UNITS = {UNITS}\n", f"UNITS = {units}\n")
        assert (changed == source) == (units == UNITS), "kernels.py does not say how many units there are"
        # What an edit moves in memory beside what it changes.
        kernels.write_text(
            changed + "".join(UNUSED.format(number=n, words="word " * (7 * n)) for n in range(5 * step))
        )
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", f"{percent}")
        commits[percent] = git(folder, "rev-parse", "HEAD")
    return commits


def environment():
    """Nothing but pytest-benchmark beside memguard."""
    return {
        **os.environ,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_ADDOPTS": "-p pytest_benchmark.plugin",
        "GITHUB_ACTIONS": "",
    }


def compare(folder, commits, percent, *, threshold):
    git(folder, "checkout", "-q", "--detach", commits[percent])
    target = folder.parent / "run.json"
    command = (
        sys.executable, "-m", "pytest_memguard.cli", "ab", "--base", commits["base"], "--json", str(target),
        "--threshold", f"{threshold}%", "--budget", "20m", "--", "-q",
    )  # fmt: skip
    started = time.monotonic()
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode not in {0, 1}:
        sys.exit(f"memguard ab ended with status {done.returncode}: {done.stderr}")
    seconds = time.monotonic() - started
    timing = json.loads(target.read_text())["timing"]
    for each in timing["benchmarks"]:
        yield {
            "kernel": each["nodeid"].rpartition("[")[2].rpartition("-")[0],
            "size": int(each["nodeid"].rpartition("-")[2].rstrip("]")),
            "percent": percent,
            "threshold": threshold,
            "verdict": each["verdict"],
            "reason": each["reason"],
            "seconds": round(each["measuring_seconds"], 2),
            "slice_ms": SLICE_MS,
            "layouts": "alike" if can_fix_addresses() else "random",
            "most_pairs": LOOKS[-1],
            "wall_seconds": round(seconds / len(timing["benchmarks"]), 2),
            "pairs": [round(ratio, 5) for ratio in each["pair_ratios"]],
            "controls": {control["name"]: round(control["ratio"], 4) for control in timing["controls"]},
        }


def sequential(folder, commit):
    """Rounds of every benchmark in some processes, one after the other: the way in which the other tools measure."""
    git(folder, "checkout", "-q", "--detach", commit)
    target = folder.parent / "peers.json"
    found = {}
    for _ in range(PEERS_PROCESSES):
        command = (
            sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--benchmark-json={target}",
            f"--benchmark-max-time={PEERS_SECONDS}",
        )  # fmt: skip
        subprocess.run(command, cwd=folder, env=environment(), capture_output=True, check=True)
        for each in json.loads(target.read_text())["benchmarks"]:
            name, _, size = each["param"].rpartition("-")
            found.setdefault((name, int(size)), []).append(each["stats"]["data"])
    return found


def verdicts_of_peers(base, head):
    """What each rule says of one benchmark: its rounds in the processes of either side."""
    every = [[seconds for process in side for seconds in process] for side in (base, head)]
    means = [[statistics.fmean(process) for process in side] for side in (base, head)]
    return {
        "pytest-benchmark mean:10%": peers.pytest_benchmark_fails(base[0], head[0]),
        "pytest-benchmark min:10%": peers.pytest_benchmark_fails(base[0], head[0], field="min"),
        "asv, 1.05": peers.asv_fails(*every),
        "pyperf, t-test": peers.pyperf_is_slower(*means),
    }


def ask_peers(folder, commits, percent):
    """A line for every benchmark, as :func:`compare` gives them for memguard."""
    base, head = (sequential(folder, commits[side]) for side in ("base", percent))
    for (name, size), rounds in base.items():
        found = verdicts_of_peers(rounds, head[name, size])
        yield {"kernel": name, "size": size, "percent": percent, "peers": found}


@contextlib.contextmanager
def load(*, wanted):
    """A neighbor that works in bursts, on whatever core the system gives it."""
    if not wanted:
        yield
        return
    process = subprocess.Popen([sys.executable, "-c", NEIGHBOR])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def keep(results, lines, *, machine):
    with results.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps({**line, "machine": machine}) + "\n" for line in lines)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--changes", type=lambda text: tuple(map(int, text.split(","))), default=CHANGES)
    parser.add_argument("--threshold", type=float, default=5)
    parser.add_argument(
        "--peers", type=int, default=0, metavar="N", help="ask other tools' rules every N times"
    )
    parser.add_argument(
        "--load",
        dest="machine",
        action="store_const",
        const="loaded",
        default="as it is",
        help="let a second process load the machine",
    )
    parser.add_argument("--beside-work", dest="machine", action="store_const", const="beside other work")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    options.results.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory() as scratch, load(wanted=options.machine == "loaded"):
        folder = Path(scratch) / "repository"
        folder.mkdir()
        commits = make_repository(folder)
        number = 0
        while time.monotonic() < deadline:
            percent = options.changes[number % len(options.changes)]
            for line in compare(folder, commits, percent, threshold=options.threshold):
                keep(options.results, [line], machine=options.machine)
                print(
                    f"{line['kernel']:14}{percent:+4d} %  {line['verdict']:13}{len(line['pairs']):4} pairs  "
                    f"{line['reason']}"
                )
            number += 1
            if options.peers and number % options.peers == 0:
                lines = list(ask_peers(folder, commits, percent))
                keep(options.results, lines, machine=options.machine)
    if options.results.exists():
        lines = [json.loads(line) for line in options.results.read_text(encoding="utf-8").splitlines()]
        report(
            lines,
            peers_measure=f"{PEERS_PROCESSES} processes and {PEERS_PROCESSES * PEERS_SECONDS:g} s on either side",
        )


if __name__ == "__main__":
    main()
