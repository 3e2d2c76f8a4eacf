"""The whole zoo as one test file under the guard, and what the guard said about each case."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from zoo import CASES, Case, Kind, Mode

__all__ = ["Judgement", "command", "expected_verdict", "parameters", "read_judgements", "write_suite"]

RUN_FILE = "run.json"

_CONFTEST = """\
sys.path.insert(0, {here!r})
"""

_TESTS = """\
import pytest
from suite import parameters
from zoo import Kind, Mode, State

@pytest.fixture
def state(case, request):
    state = State({seed}, **{{name: request.getfixturevalue(name) for name in case.fixtures}})
    if case.prepare:
        case.prepare(state)
    yield state
    if case.undo:
        case.undo(state)

@pytest.mark.parametrize("case", parameters(Kind({kind!r}), Mode({mode!r}), {only!r}))
def test_case(case, state):
    case(state)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the guard said about one case with one probe."""

    name: str
    probe: str
    verdict: str
    retained_bytes: float | None
    reason: str
    sites: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [
            f"{self.name} [{self.probe}]: {self.verdict}, {self.retained_bytes} B per call. {self.reason}"
        ]
        return "\n    ".join(lines + list(self.sites))


def expected_verdict(kind: Kind) -> str:
    """What the guard must say; anything less sure is as wrong as the contrary."""
    return "fail" if kind is Kind.LEAK else "pass"


def parameters(kind: Kind, mode: Mode, only: str = "") -> list[object]:
    """One parameter per case and probe that can be told in this mode."""
    return [
        pytest.param(
            case,
            id=f"{case.name}-{probe}",
            marks=pytest.mark.memory_budget(leak="0 B", probe=probe, **mode.marker),
        )
        for case, probe in judged(kind, mode)
        if only in case.name
    ]


def judged(kind: Kind, mode: Mode) -> list[tuple[Case, str]]:
    """The cases of a kind that can be told in this mode on this platform, by probe."""
    return [
        (case, probe)
        for case in CASES
        if case.kind is kind and case.can_be_told_in(mode)
        for probe in case.probes
        if not case.skip_reason(probe)
    ]


def write_suite(folder: Path, kind: Kind, mode: Mode, *, seed: int = 0, only: str = "") -> None:
    """Write the test file and what it needs to find the zoo."""
    (folder / "conftest.py").write_text(_CONFTEST.format(here=str(Path(__file__).parent)))
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_cases.py").write_text(
        _TESTS.format(kind=kind.value, mode=mode.value, seed=seed, only=only)
    )


def command() -> list[str]:
    """The arguments of the run, after ``python -m pytest``."""
    # Deselected plugins of the developer's machine would be measured along with the cases.
    return ["--memguard", f"--memguard-report=json:{RUN_FILE}", "-p", "no:cacheprovider", "-q", "--tb=no"]


def read_judgements(run_file: Path) -> dict[tuple[str, str], Judgement]:
    """What the guard said, by case and probe."""
    found = {}
    for test in json.loads(run_file.read_text())["tests"]:
        name, _, probe = test["nodeid"].partition("[")[2].rstrip("]").rpartition("-")
        leaks = [one for one in test["measurements"] if one["metric"] == "leak"]
        measurement = leaks[0] if leaks else {}
        sites = [
            f"{site['file']}:{site['line']} {site['bytes']} B" for site in measurement.get("sites") or ()
        ]
        found[name, probe] = Judgement(
            name=name,
            probe=probe,
            verdict=test["verdict"],
            retained_bytes=measurement.get("value"),
            reason=measurement.get("reason") or test.get("reason", ""),
            sites=tuple(sites[:5]),
        )
    return found


def misjudged(run_file: Path, kind: Kind, mode: Mode, *, only: str = "") -> list[str]:
    """A line for each case whose verdict is not what it must be; a case that is missing is one of them."""
    found = read_judgements(run_file)
    lines = []
    for case, probe in judged(kind, mode):
        if only not in case.name:
            continue
        judgement = found.get((case.name, probe))
        if judgement is None:
            lines.append(f"{case.name} [{probe}]: not in the run file")
        elif judgement.verdict != expected_verdict(kind):
            lines.append(str(judgement))
    return lines
