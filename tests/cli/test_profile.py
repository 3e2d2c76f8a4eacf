import subprocess
import sys

import pytest

TEST = """
import pytest

def build():
    return bytearray(8 * 2**20)

@pytest.fixture
def setup():
    yield bytearray(64 * 2**20)

def test_spike(setup):
    kept = build()
    del kept

@pytest.mark.parametrize("n", [1, 2])
def test_twice(n):
    pass

def test_broken():
    raise ValueError("its own error")
"""


@pytest.fixture
def profile(tmp_path):
    (tmp_path / "test_it.py").write_text(TEST)

    def run(nodeid):
        command = [sys.executable, "-m", "pytest_memguard.cli", "profile", nodeid]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    return run


def test_lines_of_the_test_and_of_what_it_calls(profile):
    done = profile("test_it.py::test_spike")
    assert done.returncode == 0, done.stderr
    lines = [line.split(None, 6) for line in done.stdout.splitlines()]
    assert ["12", "1", "8.0", "MiB", "8.0", "MiB", "kept = build()"] in lines
    assert ["5", "1", "8.0", "MiB", "8.0", "MiB", "return bytearray(8 * 2**20)"] in lines
    assert "64.0 MiB" not in done.stdout, "fixtures are not the test"


@pytest.mark.parametrize(
    ("nodeid", "code", "sentence"),
    [
        ("test_it.py::test_gone", 2, "no test was run for test_it.py::test_gone"),
        ("test_it.py::test_twice", 2, "test_it.py::test_twice names 2 tests, accepted: one"),
        ("test_it.py::test_broken", 4, "the test failed: ValueError: its own error"),
    ],
)
def test_what_cannot_be_profiled_is_one_sentence(profile, nodeid, code, sentence):
    done = profile(nodeid)
    assert done.returncode == code
    assert f"memguard: {sentence}" in done.stderr
    assert "Traceback" not in done.stderr
