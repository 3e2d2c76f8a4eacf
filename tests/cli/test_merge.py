from __future__ import annotations

import pytest

from pytest_memguard.model import Verdict
from pytest_memguard.store import run_file
from tests.cli.samples import measured, memguard, result, run_of, saved


def test_shards_become_one_run(tmp_path):
    shards = [
        saved(
            tmp_path,
            "1.json",
            run_of(result("a"), result("both", measured()), unguarded=2, missing_baselines=("a [p]",)),
        ),
        saved(
            tmp_path,
            "2.json",
            run_of(result("both", measured()), result("b"), unguarded=3, missing_baselines=("a [p]", "b")),
        ),
    ]
    done = memguard("merge", *shards, "-o", tmp_path / "run.json")
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == "3 tests from 2 shards\n"
    assert run_file.load(tmp_path / "run.json") == run_of(
        result("a"),
        result("both", measured()),
        result("b"),
        unguarded=5,
        missing_baselines=("a [p]", "b"),
    )


@pytest.fixture
def disagreeing(tmp_path):
    return [
        saved(tmp_path, "1.json", run_of(result("t", verdict=Verdict.FAIL), result("u"))),
        saved(tmp_path, "2.json", run_of(result("t", measured()), result("u", measured()))),
    ]


def test_shards_that_disagree_are_an_error(tmp_path, disagreeing):
    done = memguard("merge", *disagreeing, "-o", tmp_path / "run.json")
    assert done.exit_code == 2
    assert done.stderr == (
        f"memguard: t has different results in {disagreeing[0]} and {disagreeing[1]} and so have 1 more: "
        "choose with --prefer last or --prefer gravest\n"
    )
    assert not (tmp_path / "run.json").exists()


@pytest.mark.parametrize(
    ("prefer", "expected"),
    [
        ("last", [result("t", measured()), result("u", measured())]),
        ("gravest", [result("t", verdict=Verdict.FAIL), result("u", measured())]),
    ],
)
def test_a_preference_settles_it(tmp_path, disagreeing, prefer, expected):
    assert memguard("merge", *disagreeing, "-o", tmp_path / "run.json", "--prefer", prefer).exit_code == 0
    assert list(run_file.load(tmp_path / "run.json").tests) == expected


def test_a_test_twice_in_one_shard_is_named_once(tmp_path):
    path = saved(tmp_path, "1.json", run_of(result("t"), result("t", measured())))
    assert f"t has different results in {path}: choose" in memguard("merge", path, "-o", "-").stderr


def test_environments_that_differ_are_named_and_taken_for_neither(tmp_path):
    one = saved(tmp_path, "1.json", run_of(machine_class="m1", packages={"numpy": "2.4.6", "scipy": "1.16"}))
    two = saved(tmp_path, "2.json", run_of(machine_class="m2", packages={"numpy": "2.4.6"}))
    done = memguard("merge", one, two, "-o", tmp_path / "run.json")
    assert done.stderr.splitlines() == [
        f"machine class differs: m1 in {one}, m2 in {two}",
        f"package scipy differs: 1.16 in {one}, none in {two}",
        "0 tests from 2 shards",
    ]
    environment = run_file.load(tmp_path / "run.json").environment
    assert environment.machine_class == "m1 | m2"
    assert environment.packages == {"numpy": "2.4.6", "scipy": "1.16"}
    assert environment.commit is None


def test_a_run_on_standard_output_is_nothing_but_the_run(tmp_path):
    path = saved(tmp_path, "1.json", run_of(result("t", measured())))
    done = memguard("merge", path, "-o", "-")
    (tmp_path / "out.json").write_text(done.stdout)
    assert run_file.load(tmp_path / "out.json") == run_file.load(tmp_path / "1.json")


def test_output_that_cannot_be_written(tmp_path):
    path = saved(tmp_path, "1.json", run_of())
    done = memguard("merge", path, "-o", tmp_path)
    assert done.exit_code == 4
    assert done.stderr.startswith(f"memguard: cannot write {tmp_path}: ")
