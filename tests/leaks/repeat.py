"""Run the zoo many times in fresh processes and count how often the guard is wrong about each case.

python tests/leaks/repeat.py --runs 20
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from suite import RUN_FILE, command, judged, misjudged, write_suite
from zoo import Kind, Mode

_WRONG = {Kind.LOOKALIKE: "false alarms", Kind.LEAK: "misses"}


def run_once(kind: Kind, mode: Mode, *, seed: int, only: str) -> list[str]:
    """The cases that one fresh process got wrong."""
    with tempfile.TemporaryDirectory(prefix="memguard-zoo-") as name:
        folder = Path(name)
        write_suite(folder, kind, mode, seed=seed, only=only)
        arguments = [sys.executable, "-m", "pytest", *command()]
        done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=False)
        if not (folder / RUN_FILE).exists():
            raise SystemExit(f"no run file was written:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return misjudged(folder / RUN_FILE, kind, mode, only=only)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--mode", type=Mode, choices=list(Mode), action="append", help="default: all three")
    parser.add_argument("--kind", type=Kind, choices=list(Kind), action="append", help="default: both")
    parser.add_argument("--only", default="", help="part of a case's name")
    parser.add_argument("--seed", type=int, default=0, help="of the first run; the next ones count up")
    asked = parser.parse_args()
    total = 0
    for kind in asked.kind or list(Kind):
        for mode in asked.mode or list(Mode):
            count, example = Counter(), {}
            for run in range(asked.runs):
                for line in run_once(kind, mode, seed=asked.seed + run, only=asked.only):
                    name = line.partition(":")[0]
                    count[name] += 1
                    example.setdefault(name, line)
            cases = sum(asked.only in case.name for case, _ in judged(kind, mode))
            total += (wrong := sum(count.values()))
            print(f"{kind.value}, {mode.value}: {wrong} {_WRONG[kind]} in {asked.runs} runs of {cases} cases")  # noqa: T201
            for name, times in count.most_common():
                print(f"  {times:3} of {asked.runs}  {example[name]}")  # noqa: T201
    return 1 if total else 0


if __name__ == "__main__":
    raise SystemExit(main())
