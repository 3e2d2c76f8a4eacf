"""The guard is right about every case of the zoo, in each way of asking it."""

from __future__ import annotations

import pytest
from suite import RUN_FILE, command, misjudged, write_suite
from zoo import Kind, Mode

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("mode", list(Mode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("kind", list(Kind), ids=lambda kind: kind.value)
def test_every_case_gets_its_verdict(pytester: pytest.Pytester, kind: Kind, mode: Mode):
    write_suite(pytester.path, kind, mode)
    result = pytester.runpytest_subprocess(*command())
    wrong = misjudged(pytester.path / RUN_FILE, kind, mode)
    assert not wrong, "\n".join(wrong)
    # The verdict and pytest's own outcome are one and the same.
    outcomes = result.parseoutcomes()
    assert set(outcomes) == ({"failed"} if kind is Kind.LEAK else {"passed"}), outcomes
