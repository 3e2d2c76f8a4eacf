"""What the benchmarks of this folder share: pytest in a child, contestants that take turns, ratios, a table."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

MEMGUARD = ("-p", "pytest_memguard.plugin")
OBSERVE = (*MEMGUARD, "--memguard-observe")
OBSERVE_PYTHON = (*OBSERVE, "--memguard-probes", "python")
ENFORCE = (*MEMGUARD, "--memguard")
BARE_TRACEMALLOC = ("-p", "bare_tracemalloc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One pytest session: seconds of its test loop alone, and what became of every test."""

    wall_seconds: float
    cpu_seconds: float
    outcomes: dict[str, list[list[str]]]


def run_pytest(arguments, *, folder, env=None) -> Session:
    """Run pytest with only the named plugins. The summary must say what is wrong when no test ran."""
    with tempfile.NamedTemporaryFile(suffix=".json", dir=folder) as report:
        environment = os.environ | {
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTHONPATH": os.pathsep.join((str(HERE), str(HERE.parents[1]))),
            "OUTCOMES_FILE": report.name,
            **(env or {}),
        }
        environment.pop("GITHUB_ACTIONS", None)
        fixed = ("-m", "pytest", "-q", "-c", os.devnull, "--rootdir", folder, "-p", "no:cacheprovider")
        command = (sys.executable, *fixed, "-p", "outcomes", *arguments)
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode not in (0, 1):
            sys.exit(f"{' '.join(map(str, command))}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return Session(**json.loads(Path(report.name).read_text()))


def interleaved(contestants, rounds):
    """``{name: [result, ...]}``; every round calls each contestant once, every second round in reverse."""
    results = {name: [] for name in contestants}
    for number in range(rounds):
        order = list(contestants)
        for name in order if number % 2 == 0 else reversed(order):
            results[name].append(contestants[name]())
    return results


def at_once(first, second, rounds):
    """Two contestants at the same time on one core, ``rounds`` times: their sessions, as two lists.

    What disturbs the core then disturbs both (Bulej et al., Duet Benchmarking, ICPE 2020): compare the CPU seconds.
    """
    pairs = []
    with one_core(), ThreadPoolExecutor(2) as threads:
        for number in range(rounds):
            order = (first, second) if number % 2 == 0 else (second, first)
            done = [future.result() for future in [threads.submit(run) for run in order]]
            pairs.append(done if number % 2 == 0 else done[::-1])
    return [list(side) for side in zip(*pairs, strict=True)]


@contextlib.contextmanager
def one_core():
    """Threads and processes started in the block share one core, where the system can say so."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def ratio(values, peer_values):
    """Median of the ratios within a round: what slows the whole machine slows both."""
    return statistics.median(a / b for a, b in zip(values, peer_values, strict=False))


def differences(one, other):
    """Tests whose outcome is not the same in two sessions, and those that only one of them has."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def machine():
    """Class of the machine and the versions that matter; nothing that names the machine itself."""
    from pytest_memguard.session.environment import describe_environment

    found = describe_environment(HERE)
    versions = ", ".join(
        f"{name} {found.packages[name]}" for name in ("numpy", "pytest") if name in found.packages
    )
    return f"{found.machine_class}; Python {found.python}, {versions}"


def publish(name, lines, *, is_kept, folder=HERE):
    """Print the table, and keep it in the folder's results/ when asked to."""
    text = "\n".join((*lines, ""))
    print(text, end="")
    if is_kept:
        (folder / "results" / f"{name}.txt").write_text(text)
