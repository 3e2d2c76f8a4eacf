from __future__ import annotations

import pytest

from pytest_memguard.model import Verdict
from tests.cli.samples import MiB, measured, memguard, result, run_of, saved


@pytest.fixture
def files(tmp_path):
    def save(*runs):
        return [saved(tmp_path, f"{name}.json", run) for name, run in zip("ab", runs, strict=True)]

    return save


def test_the_whole_of_it(files):
    a, b = files(
        run_of(
            result("t.py::t[a-1]", measured(), measured("leak", 0)),
            result("t.py::gone"),
            packages={"numpy": "2.4.6"},
        ),
        run_of(
            result("t.py::t[a-1]", measured(value=42 * MiB), measured("leak", 8)),
            result("t.py::new"),
            packages={"numpy": "2.5.0", "cupy": "14.1"},
        ),
    )
    done = memguard("compare", a, b)
    assert done.stdout.splitlines() == [
        "package numpy differs: 2.4.6 in A, 2.5.0 in B",
        "package cupy differs: none in A, 14.1 in B",
        "test          probe   metric         A         B  change",
        "t.py::t[a-1]  python  peak    40.0 MiB  42.0 MiB  +5.0 %  worse",
        "t.py::t[a-1]  python  leak         0 B       8 B    +8 B",
        "only in A: t.py::gone",
        "only in B: t.py::new",
        "2 numbers: 1 worse, 0 better, 1 the same within tolerance",
    ]
    assert done.stderr == ""
    assert done.exit_code == 1


def test_a_run_and_itself(files):
    a, _ = files(run_of(result("t", measured())), run_of())
    done = memguard("compare", a, a)
    assert done.stdout.splitlines()[1] == "t     python  peak    40.0 MiB  40.0 MiB       ="
    assert done.exit_code == 0
    assert memguard("compare", "--changed", a, a).stdout.splitlines() == [
        "1 number: 0 worse, 0 better, 1 the same within tolerance"
    ]


@pytest.mark.parametrize(
    ("options", "exit_code"),
    [
        ([], 1),
        (["--tolerance-percent", "5"], 0),
        (["--tolerance-percent", "4.9"], 1),
        (["--tolerance-bytes", "2 MiB"], 0),
        (["--tolerance-bytes", str(2 * MiB), "--tolerance-percent", "0"], 0),
    ],
)
def test_tolerances(files, options, exit_code):
    a, b = files(run_of(result("t", measured())), run_of(result("t", measured(value=42 * MiB))))
    assert memguard("compare", a, b, *options).exit_code == exit_code


@pytest.mark.parametrize("option", ["--tolerance-bytes=4 parsecs", "--tolerance-percent=-1"])
def test_a_tolerance_that_is_none(files, option):
    a, b = files(run_of(), run_of())
    done = memguard("compare", a, b, option)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"memguard: invalid value for '{option.partition('=')[0]}'")
    assert done.stderr.count("\n") == 1


def test_strict(files):
    a, b = files(run_of(result("t", measured())), run_of(result("t", measured(value=None))))
    assert memguard("compare", a, b).exit_code == 0
    assert memguard("compare", a, b, "--strict").exit_code == 3
    a, b = files(run_of(result("t")), run_of(result("t", verdict=Verdict.FAIL)))
    assert memguard("compare", a, b, "--strict").exit_code == 1


def test_a_test_that_fails_now_is_named(files):
    a, b = files(run_of(result("t")), run_of(result("t", verdict=Verdict.FAIL)))
    assert "fails now: t" in memguard("compare", a, b).stdout.splitlines()


@pytest.mark.parametrize(
    ("value", "change"),
    [(40 * MiB + 1200, "+1.2 KiB"), (40 * MiB - 3, "-3 B"), (39 * MiB, "-2.5 %"), (0, "-100.0 %")],
)
def test_changes_for_people(files, value, change):
    a, b = files(run_of(result("t", measured())), run_of(result("t", measured(value=value))))
    assert f"  {change}" in memguard("compare", a, b).stdout


@pytest.mark.parametrize("content", [None, "{"])
def test_input_that_cannot_be_read(files, tmp_path, content):
    a, _ = files(run_of(), run_of())
    bad = tmp_path / "bad.json"
    if content:
        bad.write_text(content)
    done = memguard("compare", a, bad)
    assert done.exit_code == 2
    assert str(bad) in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_name_is_never_more_than_a_name(files):
    name = "t.py::t[\x1b[31m\n]"
    a, b = files(run_of(result(name, measured()), result(f"{name}2")), run_of(result(name, measured())))
    lines = memguard("compare", a, b).stdout.splitlines()
    assert lines[1].startswith(r"t.py::t[\x1b[31m\n]  python")
    assert lines[2] == r"only in A: t.py::t[\x1b[31m\n]2"
