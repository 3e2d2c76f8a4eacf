from __future__ import annotations

import pytest

from pytest_memguard.store import memory_baselines
from tests.cli.samples import MiB, memguard

NODEIDS = ["t/a.py::C::m", "t/a.py::t[a-1]", "t/a.py::t[b]", "t/ab.py::t", "u.py::t"]


@pytest.fixture
def folder(tmp_path):
    memory_baselines.update(tmp_path, {nodeid: {"python": {"peak": 40 * MiB}} for nodeid in NODEIDS})
    return tmp_path


def test_numbers_are_shown_in_their_units(tmp_path):
    numbers = {"python": {"peak": 40 * MiB, "leak": 0}, "cupy": {"fragmentation": 0.25, "allocations": 1200}}
    memory_baselines.update(tmp_path, {"t.py::t[a]": numbers})
    done = memguard("baseline", "show", "--baselines", tmp_path)
    assert done.stdout.splitlines() == [
        "test        probe   metric         baseline",
        "t.py::t[a]  cupy    allocations       1,200",
        "t.py::t[a]  cupy    fragmentation      0.25",
        "t.py::t[a]  python  leak                0 B",
        "t.py::t[a]  python  peak           40.0 MiB",
    ]
    assert done.exit_code == 0


@pytest.mark.parametrize(
    ("pattern", "shown"),
    [
        ("*", NODEIDS),
        ("t", NODEIDS[:4]),
        ("t/", NODEIDS[:4]),
        ("t/a.py", NODEIDS[:3]),
        ("t/a.py::C", NODEIDS[:1]),
        ("t/a.py::t", NODEIDS[1:3]),
        ("t/a.py::t[a-1]", NODEIDS[1:2]),
        ("*::t", NODEIDS[1:]),
        ("t/a?.py", NODEIDS[3:4]),
        ("*[b]", NODEIDS[2:3]),
    ],
)
def test_patterns(folder, pattern, shown):
    done = memguard("baseline", "show", pattern, "--baselines", folder)
    assert [line.split()[0] for line in done.stdout.splitlines()[1:]] == shown


def test_no_such_test(folder):
    done = memguard("baseline", "show", "nope", "--baselines", folder)
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == f"{folder} has 5 tests, none of them like nope\n"


def test_a_file_that_cannot_be_read(tmp_path):
    (tmp_path / "memory.json").write_text("<<<<<<< HEAD\n")
    done = memguard("baseline", "show", "--baselines", tmp_path)
    assert done.exit_code == 2
    assert "memory.json:1: unresolved merge conflict" in done.stderr
