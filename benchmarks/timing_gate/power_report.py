"""The tables of what power.py has found so far."""

from __future__ import annotations

import itertools
import math
from collections import Counter

_WIDTH = 51
FIRST_SLICE_MS = 8  # before lines said it; those slices had at least two calls


def report(lines, *, peers_measure):
    of_memguard([line for line in lines if "verdict" in line])
    of_peers([line for line in lines if "peers" in line], measure=peers_measure)


def groups(lines):
    """Lines by machine and slices, then by change."""

    def key(line):
        where = f"machine {line['machine']}"
        if "pairs" in line:
            where += f", {line.get('slice_ms', FIRST_SLICE_MS):g} ms"
            if line.get("layouts") == "alike":  # random, and 60 pairs at most, before lines said it
                where += f", alike, {line['most_pairs']} pairs"
        return where, line["percent"]

    for (where, percent), group in itertools.groupby(sorted(lines, key=key), key):
        yield where, percent, list(group)


def of_peers(lines, *, measure):
    if lines:
        print(f"\nother tools' rules, side after side, {measure}")
        print(f"{'':{_WIDTH}}{'rule':28}{'change':>7}{'n':>6}{'red':>9}")
    for where, percent, group in groups(lines):
        for rule in group[0]["peers"]:
            hits = sum(line["peers"][rule] for line in group)
            print(f"{where:{_WIDTH}}{rule:28}{percent:>+6d}%{len(group):>6}{100 * hits / len(group):>7.1f} %")


def of_memguard(lines):
    print(
        f"{'':{_WIDTH}}{'kernel':14}{'change':>7}{'n':>6}{'regressed':>11}{'pass':>7}{'open':>7}{'pairs':>8}{'seconds':>9}"
    )
    for where, percent, group in groups(lines):
        for name in (*sorted({line["kernel"] for line in group}), "all"):
            print_row(where, name, percent, [line for line in group if name in {line["kernel"], "all"}])
    for percent in sorted({line["percent"] for line in lines}):
        print_row("everywhere", "all", percent, [line for line in lines if line["percent"] == percent])


def print_row(where, name, percent, lines):
    count = len(lines)
    verdicts = Counter(line["verdict"] for line in lines)
    passed = verdicts["pass"] + verdicts["improved"]
    pairs = sum(len(line["pairs"]) for line in lines) / count
    seconds = sum(line["seconds"] for line in lines) / count
    print(
        f"{where:{_WIDTH}}{name:14}{percent:>+6d}%{count:>6}{verdicts['regressed']:>11}{passed:>7}"
        f"{count - passed - verdicts['regressed']:>7}{pairs:>8.1f}{seconds:>9.1f}"
    )
    if name == "all":
        hits = verdicts["regressed"]
        low, high = interval(hits, count)
        kind = "false alarms" if percent == 0 else "found"
        runs = len({tuple(line["controls"].values()) for line in lines})  # a run has its own controls
        print(
            f"{'':{_WIDTH}}{kind}: {hits} of {count}, {100 * hits / count:.2f} % "
            f"(95 %: {100 * low:.2f} .. {100 * high:.2f} %), runs: {runs}"
        )


def interval(hits, count):
    """Wilson's interval of a proportion."""
    z = 1.96
    center = (hits + z * z / 2) / (count + z * z)
    half = z / (count + z * z) * math.sqrt(hits * (count - hits) / count + z * z / 4)
    return max(0.0, center - half), min(1.0, center + half)
