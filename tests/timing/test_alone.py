"""A command of which nothing is left, whatever becomes of the program that runs it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from pytest_memguard.timing.alone import run_alone
from tests.timing.repositories import processes_in

DRIVER = """
import sys
from pathlib import Path
from pytest_memguard.timing.alone import run_alone
run_alone([sys.executable, "-ISc", "import sys, time; open(sys.argv[1], 'w'); time.sleep(60)", sys.argv[1]], Path())
"""


def test_it_tells_the_status_and_what_was_said():
    assert run_alone("echo this; echo that >&2; exit 7", Path()) == (7, "this\nthat\n")
    command = [sys.executable, "-ISc", "import os; print(os.environ['A'])"]
    assert run_alone(command, Path(), environment={"A": "b"}) == (0, "b\n")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with the one that started it")
def test_it_ends_with_a_driver_that_is_killed(tmp_path):
    mark = tmp_path / "here"
    driver = subprocess.Popen([sys.executable, "-c", DRIVER, str(mark)], cwd=Path(__file__).parents[2])
    deadline = time.monotonic() + 60
    while not mark.exists():
        assert driver.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    driver.kill()
    driver.wait()
    while processes_in(tmp_path):
        assert time.monotonic() < deadline
        time.sleep(0.01)
