"""The whole zoo as one test file under the guard, and what the guard said about each case."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from zoo import CASES, Case, Kind, Mode

__all__ = ["RUN_FILE", "Plan", "command", "judged", "misjudged", "parameters", "write_suite"]

RUN_FILE = "run.json"

_CONFTEST = """\
import sys
sys.path.insert(0, {here!r})
"""

_TESTS = """\
import pytest
from suite import Plan, parameters
from zoo import Kind, Mode, State

PLAN = Plan(
    kind=Kind({kind!r}), mode=Mode({mode!r}), is_stacked={is_stacked}, is_brief={is_brief}, seed={seed}, only={only!r}
)

@pytest.fixture
def state(case, request):
    state = State(PLAN.seed, **{{name: request.getfixturevalue(name) for name in case.fixtures}})
    if case.prepare:
        case.prepare(state)
    yield state
    if case.undo:
        case.undo(state)

@pytest.mark.parametrize("case", parameters(PLAN))
def test_case(case, state):
    case(state)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Which cases one run asks about, and how."""

    kind: Kind
    mode: Mode
    is_stacked: bool = (
        False  # one test with a budget for each of a case's probes, instead of a test per probe
    )
    # Leave out of AUTO the leaks that ten rounds tell: to be sure of one, a guard spends all the effort it may.
    is_brief: bool = False
    seed: int = 0
    only: str = ""  # part of a case's name

    def asks(self, case: Case) -> bool:
        if case.kind is not self.kind or self.only not in case.name or not case.can_be_told_in(self.mode):
            return False
        is_easy = self.kind is Kind.LEAK and self.mode is Mode.AUTO and case.can_be_told_in(Mode.TEN)
        return not (self.is_brief and is_easy)

    @property
    def expected_verdict(self) -> str:
        """What the guard must say; anything less sure is as wrong as the contrary."""
        return "fail" if self.kind is Kind.LEAK else "pass"


def judged(plan: Plan) -> list[tuple[Case, tuple[str, ...]]]:
    """The cases that can be told in this way on this platform, each with its probes."""
    cases = [
        (case, tuple(probe for probe in case.probes if not case.skip_reason(probe)))
        for case in CASES
        if plan.asks(case)
    ]
    return [(case, probes) for case, probes in cases if len(probes) > plan.is_stacked]


def parameters(plan: Plan) -> list[object]:
    """A parameter for each test."""

    def parameter(case: Case, probes: tuple[str, ...]) -> object:
        marks = [pytest.mark.memory_budget(leak="0 B", probe=probe, **plan.mode.marker) for probe in probes]
        return pytest.param(case, id="-".join((case.name, *probes)), marks=marks)

    if plan.is_stacked:
        return [parameter(case, probes) for case, probes in judged(plan)]
    return [parameter(case, (probe,)) for case, probes in judged(plan) for probe in probes]


def write_suite(folder: Path, plan: Plan) -> None:
    """Write the test file and what it needs to find the zoo."""
    text = _TESTS.format(
        kind=plan.kind.value,
        mode=plan.mode.value,
        is_stacked=plan.is_stacked,
        is_brief=plan.is_brief,
        seed=plan.seed,
        only=plan.only,
    )
    (folder / "test_cases.py").write_text(text)
    (folder / "conftest.py").write_text(_CONFTEST.format(here=str(Path(__file__).parent)))
    (folder / "pytest.ini").write_text("[pytest]\n")


def command() -> list[str]:
    """The arguments of the run, after ``python -m pytest``."""
    return ["--memguard", f"--memguard-report=json:{RUN_FILE}", "-p", "no:cacheprovider", "-q", "--tb=no"]


def misjudged(run_file: Path, plan: Plan) -> list[str]:
    """What was said of each case whose verdict is not what it must be; one that is missing is among them."""
    said = dict(_read_verdicts(run_file))
    wrong = []
    for case, probes in judged(plan):
        for probe in probes:
            verdict, text = said.get((case.name, probe), ("missing", "nothing was measured"))
            if verdict != plan.expected_verdict:
                wrong.append(f"{case.name} [{probe}]: {verdict}, {text}")
    return wrong


def _read_verdicts(run_file: Path):
    """``(name, probe), (verdict, what else there is to say)`` of each leak that was looked for."""
    for test in json.loads(run_file.read_text())["tests"]:
        name = test["nodeid"].partition("[")[2].partition("-")[0]
        for found in test["measurements"]:
            if found["metric"] != "leak":
                continue
            lines = [f"{found['value']} B per call. {found.get('reason', '')}"]
            lines += [f"{site['file']}:{site['line']} {site['bytes']} B" for site in found.get("sites") or ()]
            yield (name, found["probe"]), (found["verdict"], "\n    ".join(lines[:6]))
