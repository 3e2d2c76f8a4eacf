"""What memguard costs where it is installed and not used: ``pytest --version`` and a suite of one empty test.

Run ``python benchmarks/guard/startup.py [--keep]``. With and without ``-p no:memguard``, in turns. Every other
installed plugin is blocked in both, so that the peer is pytest alone.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import entry_points
from pathlib import Path

from contest import interleaved, machine, publish, ratio

OTHERS = sorted({point.name for point in entry_points(group="pytest11")} - {"memguard"})
FIXED = ("-c", os.devnull, "-p", "no:cacheprovider", *(f"-pno:{name}" for name in OTHERS))
WITHOUT = ("-p", "no:memguard")
LIST_MODULES = """
import json, sys, pytest
pytest.main(sys.argv[1:])
print(json.dumps(sorted(sys.modules)))
"""


def seconds(folder, *arguments):
    command = (sys.executable, "-m", "pytest", *FIXED, *arguments)
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - start


def modules(folder, *arguments):
    command = (sys.executable, "-c", LIST_MODULES, "-q", *FIXED, *arguments)
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--keep", action="store_true", help="write the table to results/")
    options = parser.parse_args()
    lines = [
        machine(),
        f"medians of {options.rounds} interleaved rounds; peer: the same with -p no:memguard",
        "",
    ]
    lines += [f"{'':24}{'without':>10}{'with':>10}{'difference':>12}{'ratio':>8}"]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "test_empty.py").write_text("def test_empty():\n    pass\n")
        for title, arguments in (
            ("pytest --version", ("--version",)),
            ("one empty test", ("-q", "test_empty.py")),
        ):
            samples = interleaved(
                {
                    "without": lambda arguments=arguments: seconds(folder, *WITHOUT, *arguments),
                    "with": lambda arguments=arguments: seconds(folder, *arguments),
                },
                options.rounds,
            )
            without, present = (statistics.median(samples[name]) * 1e3 for name in ("without", "with"))
            lines.append(
                f"{title:24}{without:7.1f} ms{present:7.1f} ms{present - without:9.1f} ms"
                f"{ratio(samples['with'], samples['without']):7.3f}x"
            )
        for title, arguments in (
            ("pytest --version", ("--version",)),
            ("one empty test", ("test_empty.py",)),
        ):
            added = sorted(modules(folder, *arguments) - modules(folder, *WITHOUT, *arguments))
            lines += ["", f"modules that only memguard imports for {title}: {len(added)}"]
            lines += [f"  {name}" for name in added]
    publish("startup", lines, is_kept=options.keep)


if __name__ == "__main__":
    main()
