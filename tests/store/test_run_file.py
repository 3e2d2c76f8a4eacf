from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given

from pytest_memguard.model import Environment, Measurement, Run, TestResult, Verdict
from pytest_memguard.model.encoding import encode_run
from pytest_memguard.store import run_file
from pytest_memguard.store.errors import StoreError
from tests.store.strategies import runs, unhurried

ENVIRONMENT = Environment(machine_class="m", python="3.11.7", platform="linux", packages={"numpy": "2.4.6"})


def run_of(**measurement) -> Run:
    defaults = {"probe": "python", "metric": "peak", "value": 41946608, "unit": "B"}
    return Run(
        environment=ENVIRONMENT,
        tests=(
            TestResult(
                nodeid="t.py::t",
                file="t.py",
                line=12,
                verdict=Verdict.FAIL,
                measurements=(Measurement(**defaults | measurement),),
            ),
        ),
    )


@unhurried
@given(run=runs)
def test_what_is_saved_is_loaded(run, tmp_path_factory):
    path = tmp_path_factory.mktemp("run") / "run.json"
    run_file.save(run, path)
    assert run_file.load(path) == run


def test_keys_are_those_of_the_contract(tmp_path):
    path = tmp_path / "reports" / "run.json"
    run_file.save(run_of(budget=40894464, verdict=Verdict.FAIL, reason="too much"), path)
    document = json.loads(path.read_text())
    assert document["schema"] == 1
    assert document["environment"] == {
        "machine_class": "m",
        "python": "3.11.7",
        "platform": "linux",
        "commit": None,
        "packages": {"numpy": "2.4.6"},
    }
    [test] = document["tests"]
    [measurement] = test["measurements"]
    assert {key: test[key] for key in ("nodeid", "file", "line", "verdict")} == {
        "nodeid": "t.py::t",
        "file": "t.py",
        "line": 12,
        "verdict": "fail",
    }
    assert measurement == {
        "probe": "python",
        "metric": "peak",
        "value": 41946608,
        "unit": "B",
        "budget": 40894464,
        "baseline": None,
        "verdict": "fail",
        "reason": "too much",
        "sites": [],
    }


def test_numbers_of_numpy_are_numbers(tmp_path):
    path = tmp_path / "run.json"
    run_file.save(run_of(value=np.int64(7), budget=np.float64(7.5), baseline=np.float32(0.5)), path)
    [measurement] = run_file.load(path).tests[0].measurements
    assert (measurement.value, measurement.budget, measurement.baseline) == (7, 7.5, 0.5)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_without_a_word_in_json_is_null(tmp_path, value):
    run_file.save(run_of(value=value), tmp_path / "run.json")
    assert run_file.load(tmp_path / "run.json").tests[0].measurements[0].value is None


def test_a_text_that_is_no_utf8_does_not_lose_the_run(tmp_path):
    run_file.save(run_of(reason="caf\udce9.py"), tmp_path / "run.json")
    assert run_file.load(tmp_path / "run.json").tests[0].measurements[0].reason == "caf\\udce9.py"


def test_keys_of_a_later_version_are_skipped(tmp_path):
    path = tmp_path / "run.json"
    document = json.loads(encode_run(run_of()))
    document["color"] = document["tests"][0]["color"] = "red"
    path.write_text(json.dumps(document))
    assert run_file.load(path) == run_of()


WHOLE = encode_run(run_of()).decode()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "{path} is empty, not a run file"),
        (WHOLE[:200], "{path} is truncated: its JSON ends in the middle, after 200 bytes"),
        ('{"schema": x}', "{path} is not JSON: invalid character (byte 11)"),
        ("[1]", "{path} is not a run file: expected `object`, got `array`"),
        ('{"tests": []}', "{path} is not a run file: it has no `schema`"),
        ('{"schema": "1"}', "{path} is not a run file: expected `int`, got `str` - at `$.schema`"),
        (
            '{"schema": 2}',
            "{path} has schema 2, written by a newer pytest-memguard; this one reads schema 1: upgrade it",
        ),
        (
            '{"schema": 0}',
            (
                "{path} has schema 0, written by an older pytest-memguard; "
                "this one reads schema 1: make the run again"
            ),
        ),
        (
            WHOLE.replace('"line": 12', '"line": "12"'),
            "{path} is not a run file: expected `int`, got `str` - at `$.tests[0].line`",
        ),
        (
            WHOLE.replace('"verdict": "fail"', '"verdict": "bad"'),
            "{path} is not a run file: invalid enum value 'bad' - at `$.tests[0].verdict`",
        ),
        (
            WHOLE.replace('"value": 41946608', '"value": "much"'),
            (
                "{path} is not a run file: expected `int | float | null`, got `str` "
                "- at `$.tests[0].measurements[0].value`"
            ),
        ),
        ('{"schema": 1}', "{path} is not a run file: object missing required field `environment`"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, text, message):
    path = tmp_path / "run.json"
    path.write_text(text)
    with pytest.raises(StoreError) as error:
        run_file.load(path)
    assert str(error.value) == message.format(path=path)


def test_bytes_that_are_no_text_are_said(tmp_path):
    path = tmp_path / "run.json"
    path.write_bytes(WHOLE.encode().replace(b"linux", b"lin\xffx"))
    with pytest.raises(StoreError, match=r"run\.json is not UTF-8"):
        run_file.load(path)


@pytest.mark.parametrize(
    ("name", "words"), [("none.json", "no such file or directory"), ("", "is a directory")]
)
def test_a_file_that_cannot_be_read_is_said(tmp_path, name, words):
    with pytest.raises(StoreError) as error:
        run_file.load(tmp_path / name)
    assert str(error.value) == f"cannot read {tmp_path / name}: {words}"


def test_every_cut_of_a_file_is_an_error_of_the_store(tmp_path):
    path = tmp_path / "run.json"
    for end in range(len(WHOLE.rstrip()) - 1):
        path.write_text(WHOLE[:end])
        with pytest.raises(StoreError):
            run_file.load(path)
