"""How often `memguard ab` cries wolf, and how often it finds a slow-down, on this machine.

    python benchmarks/timing_gate/power.py --minutes 30 [--load] [--peers N]

Compares real commits of a repository made for it: unchanged code, and code that does 5 % and 10 % more of the same
work, over five kinds of kernels in four sizes. Every comparison of a benchmark is a line in the results file, so that
counts of several runs add up; `--minutes 0` prints what there is. With `--peers N` the rules of pytest-benchmark, asv
and pyperf are asked, too, after every N-th run, about the same commits.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import peers

RESULTS = Path(__file__).with_name("results") / "power.jsonl"
CHANGES = (0, 5, 10)  # percent of additional work
UNITS = 20
PEERS_PROCESSES, PEERS_SECONDS = 5, 0.3

KERNELS = """
import numpy as np

UNITS = {units}
_generator = np.random.default_rng(7)
_numbers = _generator.random(80_000)
_field = _generator.random((128, 32, 32))
_places = _generator.random((1600, 3)) * 8.0


def python_loop(size):
    total = 0
    for _ in range(UNITS):
        for index in range(400 * size):
            total += index & 7
    return total


def numpy_sum(size):
    numbers = _numbers[: 20_000 * size]
    return sum(float(np.sum(numbers)) for _ in range(UNITS))


def fft(size):
    field = _field[: 32 * size]
    return sum(float(np.fft.rfftn(field)[0, 0, 0].real) for _ in range(UNITS))


def neighbors(size):
    found = 0
    places = _places[: 400 * size]
    for _ in range(UNITS):
        cells = np.floor(places).astype(np.intp)
        keys = (cells[:, 0] * 8 + cells[:, 1]) * 8 + cells[:, 2]
        order = np.argsort(keys, kind="stable")
        starts = np.searchsorted(keys[order], np.arange(513))
        for cell in range(0, 512, 16):
            inside = places[order[starts[cell]:starts[cell + 1]]]
            apart = inside[:, None] - inside[None]
            found += int(((apart * apart).sum(-1) < 1.0).sum())
    return found


def temporaries(size):
    numbers = _numbers[: 20_000 * size]
    total = 0.0
    for _ in range(UNITS):
        total += float((numbers * 2.0 + numbers - 1.0).mean())
    return total
"""
BENCHMARKS = """
import pytest
import kernels


@pytest.mark.parametrize("size", [1, 2, 3, 4])
@pytest.mark.parametrize("name", ["python_loop", "numpy_sum", "fft", "neighbors", "temporaries"])
def test_kernel(benchmark, name, size):
    benchmark(getattr(kernels, name), size)
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
    (folder / "test_kernels.py").write_text(BENCHMARKS)
    commits = {}
    for step, percent in enumerate(("base", *CHANGES)):
        units = UNITS if percent == "base" else UNITS * (100 + percent) // 100
        (folder / "kernels.py").write_text(KERNELS.replace("{units}", str(units)) + f"\n# step {step}\n")
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


def report(lines):
    report_of_memguard([line for line in lines if "verdict" in line])
    report_of_peers([line for line in lines if "peers" in line])


def report_of_peers(lines):
    if lines:
        seconds = PEERS_PROCESSES * PEERS_SECONDS
        print(
            f"\nother tools' rules, side after side, {PEERS_PROCESSES} processes and {seconds:g} s on either"
        )
        print(f"{'':24}{'rule':28}{'change':>7}{'n':>6}{'red':>9}")
    for is_loaded, percent in itertools.product((False, True), CHANGES):
        group = [line for line in lines if line["loaded"] == is_loaded and line["percent"] == percent]
        for rule in group[0]["peers"] if group else ():
            hits = sum(line["peers"][rule] for line in group)
            where = "loaded machine" if is_loaded else "machine as it is"
            print(f"{where:24}{rule:28}{percent:>+6d}%{len(group):>6}{100 * hits / len(group):>7.1f} %")


def report_of_memguard(lines):
    print(
        f"{'':24}{'kernel':14}{'change':>7}{'n':>6}{'regressed':>11}{'pass':>7}{'open':>7}{'pairs':>8}{'seconds':>9}"
    )
    for is_loaded in (False, True):
        for percent in CHANGES:
            group = [line for line in lines if line["loaded"] == is_loaded and line["percent"] == percent]
            names = sorted({line["kernel"] for line in group})
            for name in [*names, "all"]:
                some = [line for line in group if name in {line["kernel"], "all"}]
                if some:
                    print_row("loaded machine" if is_loaded else "machine as it is", name, percent, some)


def print_row(where, name, percent, lines):
    count = len(lines)
    verdicts = Counter(line["verdict"] for line in lines)
    passed = verdicts["pass"] + verdicts["improved"]
    pairs = sum(len(line["pairs"]) for line in lines) / count
    seconds = sum(line["seconds"] for line in lines) / count
    print(
        f"{where:24}{name:14}{percent:>+6d}%{count:>6}{verdicts['regressed']:>11}{passed:>7}"
        f"{count - passed - verdicts['regressed']:>7}{pairs:>8.1f}{seconds:>9.1f}"
    )
    if name == "all":
        hits = verdicts["regressed"]
        low, high = interval(hits, count)
        kind = "false alarms" if percent == 0 else "found"
        print(
            f"{'':24}{kind}: {hits} of {count}, {100 * hits / count:.2f} % "
            f"(95 %: {100 * low:.2f} .. {100 * high:.2f} %)"
        )


def interval(hits, count):
    """Wilson's interval of a proportion."""
    z = 1.96
    center = (hits + z * z / 2) / (count + z * z)
    half = z / (count + z * z) * math.sqrt(hits * (count - hits) / count + z * z / 4)
    return max(0.0, center - half), min(1.0, center + half)


def keep(results, lines, *, is_loaded):
    with results.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps({**line, "loaded": is_loaded}) + "\n" for line in lines)


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
    parser.add_argument("--load", action="store_true", help="let a second process load the machine")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    options.results.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory() as scratch, load(wanted=options.load):
        folder = Path(scratch) / "repository"
        folder.mkdir()
        commits = make_repository(folder)
        number = 0
        while time.monotonic() < deadline:
            percent = options.changes[number % len(options.changes)]
            for line in compare(folder, commits, percent, threshold=options.threshold):
                keep(options.results, [line], is_loaded=options.load)
                print(
                    f"{line['kernel']:14}{percent:+4d} %  {line['verdict']:13}{len(line['pairs']):4} pairs  "
                    f"{line['reason']}"
                )
            number += 1
            if options.peers and number % options.peers == 0:
                lines = list(ask_peers(folder, commits, percent))
                keep(options.results, lines, is_loaded=options.load)
    if options.results.exists():
        report([json.loads(line) for line in options.results.read_text(encoding="utf-8").splitlines()])


if __name__ == "__main__":
    main()
