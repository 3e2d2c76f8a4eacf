"""Test suites of other projects, with and without memguard: every test must come out the same.

Run ``python benchmarks/third_party/run.py [attrs click networkx numpy packaging scipy] [--keep]``. Each project is
installed into a fresh virtual environment of its own, with the tests that its wheel or its source distribution
carries. Three sessions follow: without memguard, observed by the heap and rss probes, observed by the python probe.
A test that differs is run again without memguard: what then differs too is the suite's own flakiness, and is told
as such. Exits with 1 on any other difference.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
OUTCOMES = ROOT / "benchmarks" / "guard"
MODES = {
    "without": (),
    "observe": ("-p", "pytest_memguard.plugin", "--memguard-observe"),
    "observe, python": ("-p", "pytest_memguard.plugin", "--memguard-observe", "--memguard-probes", "python"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """Where a project's tests are and what they need."""

    packages: tuple[str, ...]
    arguments: tuple[str, ...]
    from_source: bool = False  # the tests are in the source distribution, and run in its folder


SUITES = {
    "attrs": Suite(packages=("attrs", "hypothesis"), arguments=("tests",), from_source=True),
    "click": Suite(packages=("click",), arguments=("tests",), from_source=True),
    "networkx": Suite(
        packages=("networkx", "numpy"),
        arguments=(
            "--pyargs",
            "networkx.classes",
            "networkx.generators",
            "networkx.readwrite",
            "networkx.linalg",
            "networkx.algorithms.centrality",
            "networkx.algorithms.shortest_paths",
            "networkx.algorithms.tree",
        ),
    ),
    "numpy": Suite(
        packages=("numpy", "hypothesis"),
        arguments=(
            "-m",
            "not slow",
            "--pyargs",
            "numpy.lib.tests.test_function_base",
            "numpy.linalg",
            "numpy.ma",
            "numpy.polynomial",
            "numpy.fft",
        ),
    ),
    "packaging": Suite(
        packages=("packaging", "pretend", "hypothesis", "tomli_w"), arguments=("tests",), from_source=True
    ),
    "scipy": Suite(packages=("scipy", "hypothesis"), arguments=("-m", "not slow", "--pyargs", "scipy.fft")),
}


def run(command, **options):
    done = subprocess.run(command, text=True, capture_output=True, check=False, **options)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout[-2000:]}{done.stderr[-3000:]}")
    return done.stdout


def install(suite, name, folder):
    """The environment's python and the folder to run in."""
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip = (python, "-m", "pip", "--quiet", "--disable-pip-version-check")
    run((*pip, "install", str(ROOT), *suite.packages))
    place = folder / "work"
    place.mkdir()
    if suite.from_source:
        version = run(
            (python, "-c", f"from importlib.metadata import version; print(version({name!r}))")
        ).strip()
        download = (
            "download",
            "--no-deps",
            "--no-binary",
            name,
            f"{name}=={version}",
            "--dest",
            str(folder / "source"),
        )
        run((*pip, *download))
        with tarfile.open(next((folder / "source").glob("*.tar.gz"))) as archive:
            archive.extractall(place, filter="data")
        place = next(place.iterdir())
    return python, place


def session(python, place, arguments, outcomes):
    environment = os.environ | {
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": str(OUTCOMES),
        "PYTHONHASHSEED": "0",
        "OUTCOMES_FILE": str(outcomes),
    }
    environment.pop("GITHUB_ACTIONS", None)
    fixed = ("-q", "-p", "no:cacheprovider", "-p", "outcomes", "-W", "ignore::pytest.PytestConfigWarning")
    command = (str(python), "-m", "pytest", *fixed, *arguments)
    done = subprocess.run(command, cwd=place, env=environment, text=True, capture_output=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return json.loads(outcomes.read_text())


def differing(one, other):
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


def compare(name, suite, folder):
    """Lines of the table and the number of differences that are memguard's."""
    python, place = install(suite, name, folder)
    sessions = {
        mode: session(python, place, (*extra, *suite.arguments), folder / f"{number}.json")
        for number, (mode, extra) in enumerate(MODES.items())
    }
    reference = sessions["without"]
    code = f"from importlib.metadata import version; print(version({name!r}))"
    title = f"{name} {run((python, '-c', code)).strip()}"
    lines, found = [], set()
    for mode, got in sessions.items():
        called = [dict(outcomes).get("call") for outcomes in got["outcomes"].values()]
        differ = differing(reference["outcomes"], got["outcomes"])
        found |= differ
        ratio = got["cpu_seconds"] / reference["cpu_seconds"]
        lines.append(
            f"{title if mode == 'without' else '':20}{mode:18}{len(called):7}{called.count('passed'):8}"
            f"{called.count('failed'):8}{len(differ):8}{got['wall_seconds']:8.1f} s{ratio:8.2f}x"
        )
    if found:
        again = session(python, place, suite.arguments, folder / "again.json")
        flaky = differing(reference["outcomes"], again["outcomes"])
        lines += [
            f"    {'flaky by itself' if test in flaky else 'differs'}: {test}" for test in sorted(found)[:20]
        ]
        found -= flaky
    return lines, len(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("suites", nargs="*", default=[*SUITES], metavar="SUITE", help=", ".join(SUITES))
    parser.add_argument("--keep", action="store_true", help="write the table to results/")
    options = parser.parse_args()
    if unknown := set(options.suites) - SUITES.keys():
        parser.error(f"got {', '.join(sorted(unknown))}, accepted: {', '.join(SUITES)}")
    sys.path.insert(0, str(OUTCOMES))
    from contest import machine

    head = f"{'project':20}{'memguard':18}{'tests':>7}{'passed':>8}{'failed':>8}{'differ':>8}{'wall':>10}{'CPU':>9}"
    lines, differences = (
        [machine(), "one session each, CPU of the test loop against the session without", "", head],
        0,
    )
    print("\n".join(lines), flush=True)
    for name in options.suites:
        with tempfile.TemporaryDirectory() as folder:
            more, differ = compare(name, SUITES[name], Path(folder))
        print("\n".join(more), flush=True)
        lines += more
        differences += differ
    lines += ["", f"{differences} tests differ under memguard"]
    print("\n".join(lines[-2:]))
    if options.keep:
        (Path(__file__).parent / "results" / "outcomes.txt").write_text("\n".join((*lines, "")))
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    main()
