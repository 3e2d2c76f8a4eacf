"""Run the zoo many times in fresh processes and count how often the guard is wrong about each case.

python tests/leaks/repeat.py --runs 20
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from suite import RUN_FILE, Plan, command, judged, misjudged, write_suite
from zoo import Kind, Mode

_WRONG = {Kind.LOOKALIKE: "false alarms", Kind.LEAK: "misses"}


def _run_once(plan: Plan) -> list[str]:
    """The cases that one fresh process got wrong."""
    with tempfile.TemporaryDirectory(prefix="memguard-zoo-") as name:
        folder = Path(name)
        write_suite(folder, plan)
        arguments = [sys.executable, "-m", "pytest", *command()]
        done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=False)
        if not (folder / RUN_FILE).exists():
            raise SystemExit(f"no run file was written:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return misjudged(folder / RUN_FILE, plan)


def _repeat(plan: Plan, runs: int):
    """Run the plan so often; give the lines of its summary, none of which is indented unless something is wrong."""
    count, example = Counter(), {}
    for run in range(runs):
        for line in _run_once(replace(plan, seed=plan.seed + run)):
            name = line.partition(":")[0]
            count[name] += 1
            example.setdefault(name, line)
    questions = sum(len(probes) for _, probes in judged(plan))
    way = f"{plan.mode.value}{', stacked' if plan.is_stacked else ''}"
    wrong = f"{sum(count.values())} {_WRONG[plan.kind]}"
    yield f"{plan.kind.value}, {way}: {wrong} in {runs} runs of {questions} questions"
    for name, times in count.most_common():
        yield f"  {times:3} of {runs}  {example[name]}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--mode", type=Mode, choices=list(Mode), action="append", help="default: all three")
    parser.add_argument("--kind", type=Kind, choices=list(Kind), action="append", help="default: both")
    parser.add_argument("--stacked", action="store_true", help="one test with all probes of a case")
    parser.add_argument("--only", default="", help="part of a case's name")
    parser.add_argument("--seed", type=int, default=0, help="of the first run; the next ones count up")
    asked = parser.parse_args()
    is_wrong = False
    for kind in asked.kind or list(Kind):
        for mode in asked.mode or list(Mode):
            plan = Plan(kind=kind, mode=mode, is_stacked=asked.stacked, seed=asked.seed, only=asked.only)
            for line in _repeat(plan, asked.runs):
                is_wrong = is_wrong or line.startswith(" ")
                print(line, flush=True)  # noqa: T201
    return 1 if is_wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
