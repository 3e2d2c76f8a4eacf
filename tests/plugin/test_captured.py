"""What pytest itself keeps of a test is no leak."""

from __future__ import annotations

import pytest

_OUTPUT = """
import sys
import pytest

pytestmark = pytest.mark.memory_budget(leak="0 B")

def test_output():
    for number in range(1_000):
        print("line", number)
        print("line", number, file=sys.stderr)

def test_capsys(capsys):
    for number in range(1_000):
        print("line", number)

def test_capsys_read(capsys):
    print("x" * 100_000)
    assert len(capsys.readouterr().out) == 100_001
"""

_RECORDS = """
import logging
import warnings
import pytest

pytestmark = pytest.mark.memory_budget(leak="0 B")

def test_caplog(caplog):
    caplog.set_level("INFO")
    for number in range(300):
        logging.getLogger("app").info("record %d", number)
    assert len(caplog.records) == 300

def test_log():
    for number in range(300):
        logging.getLogger("app").warning("record %d", number)

def test_recwarn(recwarn):
    for number in range(100):
        warnings.warn(f"number {number}", stacklevel=1)
"""


@pytest.mark.parametrize("capture", ["-s", "--capture=sys", "--capture=fd", "--capture=tee-sys"])
def test_output(pytester, run, capture):
    pytester.makepyfile(_OUTPUT)
    run.enforced(capture, is_apart=True).assert_outcomes(passed=3)


def test_many_records(pytester, run):
    pytester.makepyfile(_RECORDS)
    run.enforced("-Wdefault", is_apart=True).assert_outcomes(passed=3)
