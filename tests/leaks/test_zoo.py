"""The guard is right about every case of the zoo, in each way of asking it."""

from __future__ import annotations

import pytest
from suite import RUN_FILE, Plan, command, misjudged, write_suite
from zoo import Kind, Mode

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("mode", list(Mode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("kind", list(Kind), ids=lambda kind: kind.value)
def test_every_case_gets_its_verdict(pytester: pytest.Pytester, kind: Kind, mode: Mode):
    _check(pytester, Plan(kind=kind, mode=mode, is_brief=True))


@pytest.mark.parametrize("mode", list(Mode), ids=lambda mode: mode.value)
def test_probes_of_one_test_do_not_see_each_other(pytester: pytest.Pytester, mode: Mode):
    _check(pytester, Plan(kind=Kind.LOOKALIKE, mode=mode, is_stacked=True))


def _check(pytester: pytest.Pytester, plan: Plan) -> None:
    write_suite(pytester.path, plan)
    result = pytester.runpytest_subprocess(*command())
    wrong = misjudged(pytester.path / RUN_FILE, plan)
    assert not wrong, "\n".join(wrong)
    # The verdict and pytest's own outcome are one and the same.
    assert set(result.parseoutcomes()) <= {
        "failed" if plan.kind is Kind.LEAK else "passed",
        "warning",
        "warnings",
    }
