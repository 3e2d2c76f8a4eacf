"""``memguard doctor --timing``: does a duet on this machine keep quiet about nothing, and find a slow-down?"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_memguard.cli.exit_codes import ExitCode, Failure
from pytest_memguard.cli.pytest_error import first_error
from pytest_memguard.cli.terminal import print_line, print_table, progress
from pytest_memguard.timing.alone import run_alone
from pytest_memguard.timing.errors import CouldNotRun
from pytest_memguard.timing.git import Repository
from pytest_memguard.timing.signals import ending_raises

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["check_timing"]

_UNITS = 20
_CHANGES = (0, 5, 10)  # percent of additional work

# Three kinds of work, none of which needs more than the standard library.
_KERNELS = """
import random

UNITS = {units}
_numbers = random.Random(7).sample(range(100_000), 1_000)
_block = bytes(200_000)

def loop():
    return sum(index & 7 for _ in range(UNITS) for index in range(400))

def sort():
    return [sorted(_numbers) for _ in range(UNITS)][-1]

def copy():
    return sum(len(bytearray(_block)) for _ in range(UNITS))
"""
_BENCHMARKS = """
import pytest
import kernels

@pytest.mark.parametrize("name", ["loop", "sort", "copy"])
def test_kernel(benchmark, name):
    benchmark(getattr(kernels, name))
"""


def check_timing() -> list[str]:
    """Print verdicts over unchanged and slower code; what went wrong, where anything did."""
    try:
        with ending_raises():
            return _check()
    except CouldNotRun as error:
        raise Failure(f"the comparison did not run: {error}", ExitCode.COULD_NOT_RUN) from error


def _check() -> list[str]:
    rows, troubles = [], []
    # Processes that are being ended may still write to it.
    with tempfile.TemporaryDirectory(prefix="memguard-doctor-", ignore_cleanup_errors=True) as folder:
        base, heads = _make_repository(Path(folder, "repository"))
        for percent, head in heads.items():
            with progress(f"timing code with {percent} % more work against unchanged code"):
                benchmarks = list(_compare(Path(folder), base, head))
            for each in benchmarks:
                verdict = each["verdict"]
                rows.append((f"{percent:+d} %", each["nodeid"].rpartition("[")[2].rstrip("]"), verdict))
                if percent == 0 and verdict == "regressed":
                    troubles.append(f"unchanged code came to regressed: {each['nodeid']}")
                if percent == _CHANGES[-1] and verdict in ("pass", "improved"):
                    troubles.append(f"{percent} % more work came to {verdict}: {each['nodeid']}")
    print_line("")
    print_table(("change", "kernel", "verdict"), rows)
    _print_rates(rows)
    return troubles


def _print_rates(rows: list[tuple[str, str, str]]) -> None:
    for percent in _CHANGES:
        verdicts = [verdict for change, _, verdict in rows if change == f"{percent:+d} %"]
        what = "false alarms" if percent == 0 else "found"
        print_line(f"{percent:+d} %: {verdicts.count('regressed')} of {len(verdicts)} {what}")


def _make_repository(folder: Path) -> tuple[str, dict[int, str]]:
    """The base commit, and one with so many percent more work for each change."""
    folder.mkdir()
    repository = Repository(folder)
    repository.ask("init", "-q", "--template=")
    (folder / "test_kernels.py").write_text(_BENCHMARKS, encoding="utf-8")
    commits = [_commit(repository, _UNITS, "base")]
    commits += [_commit(repository, _UNITS * (100 + percent) // 100, f"{percent}") for percent in _CHANGES]
    return commits[0], dict(zip(_CHANGES, commits[1:], strict=True))


def _commit(repository: Repository, units: int, name: str) -> str:
    source = _KERNELS.replace("{units}", str(units)) + f"\n# {name}\n"
    (repository.top / "kernels.py").write_text(source, encoding="utf-8")
    repository.ask("add", "-A")
    settings = ("user.name=memguard", "user.email=doctor@example.org", "commit.gpgSign=false")
    repository.ask(*(text for setting in settings for text in ("-c", setting)), "commit", "-qm", name)
    return repository.commit("HEAD")


def _compare(folder: Path, base: str, head: str) -> Iterator[dict[str, Any]]:
    repository, target = folder / "repository", folder / "run.json"
    Repository(repository).ask("checkout", "-q", "--detach", head)
    command = [
        sys.executable,
        "-m",
        "pytest_memguard.cli",
        "ab",
        "--base",
        base,
        "--json",
        str(target),
        "--",
        "-q",
    ]
    # The user's plugins are none of this check's business, and every one of them is started twice in every pair.
    quiet = {
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_ADDOPTS": "-p pytest_benchmark.plugin",
        "GITHUB_ACTIONS": "",
        "TMPDIR": str(folder),  # so that nothing is left where it has no chance to tidy up
    }
    status, said = run_alone(command, repository, environment={**os.environ, **quiet})
    if status not in (ExitCode.IN_ORDER, ExitCode.REGRESSION) or not target.exists():
        raise Failure(
            f"the comparison did not run: {first_error(said) or 'no output'}", ExitCode.COULD_NOT_RUN
        )
    yield from json.loads(target.read_text(encoding="utf-8"))["timing"]["benchmarks"]
