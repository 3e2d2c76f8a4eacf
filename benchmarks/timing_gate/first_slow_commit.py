"""How often `memguard bisect --time` names the commit that slowed a benchmark down, on this machine.

    python benchmarks/timing_gate/first_slow_commit.py --minutes 30 [--percent 5 10] [--keep]

Makes a repository of eight commits, one of which does that much more of the same work, and asks for it, for one
kernel of the suite after the other.
"""

from __future__ import annotations

import argparse
import itertools
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from power import SUITE, UNITS, environment, git

RESULTS = Path(__file__).with_name("results") / "first_slow_commit.txt"
COMMITS = 8
KERNELS = ("python_loop", "numpy_sum", "fft", "neighbors", "temporaries")


def make_repository(folder, *, slow, percent):
    """Commits, the one numbered ``slow`` and all later ones with ``percent`` more work; their names."""
    git(folder, "init", "-q")
    git(folder, "config", "user.name", "bisect")
    git(folder, "config", "user.email", "bisect@example.org")
    shutil.copytree(SUITE, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    kernels = folder / "kernels.py"
    source = kernels.read_text()
    changed = source.replace(f"UNITS = {UNITS}\n", f"UNITS = {UNITS * (100 + percent) // 100}\n")
    assert changed != source, "kernels.py does not say how many units there are"
    commits = []
    for number in range(COMMITS):
        kernels.write_text(f"{changed if number >= slow else source}\n# step {number}\n")
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", f"{number}")
        commits.append(git(folder, "rev-parse", "HEAD"))
    return commits


def bisect(kernel, *, percent):
    """What came of one search: found, the wrong commit, or the reason why none was named."""
    slow = random.randrange(1, COMMITS)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        commits = make_repository(folder, slow=slow, percent=percent)
        nodeid = f"test_kernels.py::test_kernel[{kernel}-2]"
        command = (
            sys.executable,
            "-m",
            "pytest_memguard.cli",
            "bisect",
            commits[0],
            commits[-1],
            nodeid,
            "--time",
        )
        done = subprocess.run(
            command, cwd=folder, env=environment(), capture_output=True, text=True, check=False
        )
    if done.returncode == 0:
        return "found" if done.stdout.startswith(f"first bad commit: {commits[slow]}\n") else "another commit"
    return done.stderr.strip().splitlines()[-1].replace(commits[-1], "BAD").replace(commits[0], "GOOD")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--percent", type=int, nargs="+", default=[5, 10], help="multiples of 5")
    parser.add_argument("--keep", action="store_true", help=f"write the table to results/{RESULTS.name}")
    options = parser.parse_args()
    deadline = time.monotonic() + 60 * options.minutes
    counts = {percent: Counter() for percent in options.percent}
    for kernel, percent in itertools.cycle(itertools.product(KERNELS, options.percent)):
        if time.monotonic() >= deadline:
            break
        outcome = bisect(kernel, percent=percent)
        print(f"{kernel:14}{percent:+4d} %  {outcome}", flush=True)
        named = outcome if outcome in {"found", "another commit"} else "none named"
        counts[percent][named] += 1
    header = f"{'change':>7}{'searches':>10}{'found':>7}{'another commit':>16}{'none named':>12}"
    rows = (
        f"{percent:>+6d}%{sum(count.values()):>10}{count['found']:>7}{count['another commit']:>16}"
        f"{count['none named']:>12}"
        for percent, count in counts.items()
    )
    table = "\n".join((header, *rows, ""))
    print(table, end="")
    if options.keep:
        RESULTS.write_text(table)


if __name__ == "__main__":
    main()
