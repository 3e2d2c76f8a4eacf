from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from pytest_memguard.store import memory_baselines
from pytest_memguard.store.errors import StoreError
from pytest_memguard.store.memory_baselines import Baselines
from tests.store.strategies import entries, unhurried

PEAK = {"python": {"peak": 41946608, "leak": 0}}


def read(folder) -> str:
    return (folder / "memory.json").read_text(encoding="utf-8")


@unhurried
@given(changed=entries)
def test_what_is_updated_is_loaded(changed, tmp_path_factory):
    folder = tmp_path_factory.mktemp("baselines")
    diff = memory_baselines.update(folder, changed)
    assert memory_baselines.load(folder).entries == changed
    assert len(diff.added) == sum(len(metrics) for entry in changed.values() for metrics in entry.values())
    assert not memory_baselines.update(folder, changed)


@unhurried
@given(first=entries, second=entries)
def test_entries_of_tests_not_run_are_kept_and_others_replaced(first, second, tmp_path_factory):
    folder = tmp_path_factory.mktemp("baselines")
    memory_baselines.update(folder, first)
    memory_baselines.update(folder, second)
    assert memory_baselines.load(folder).entries == {**first, **second}
    memory_baselines.update(folder, {}, removed=first)
    assert memory_baselines.load(folder).entries == {k: second[k] for k in second.keys() - first.keys()}


def test_one_line_for_each_test(tmp_path):
    memory_baselines.update(tmp_path, {"t.py::b": {"cupy": {"fragmentation": 0.1234567}}, "t.py::é": PEAK})
    assert read(tmp_path) == (
        '{"schema": 1, "entries": {\n'
        '"t.py::b": {"cupy": {"fragmentation": 0.1235}},\n'
        '"t.py::é": {"python": {"leak": 0, "peak": 41946608}}\n'
        "}}\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["memory.json"]


def test_no_file_is_no_baselines(tmp_path):
    baselines = memory_baselines.load(tmp_path / "none")
    assert baselines == Baselines()
    assert len(baselines) == 0
    assert baselines.get("t.py::t", "python", "peak") is None


def test_numbers_are_got_by_name(tmp_path):
    memory_baselines.update(tmp_path, {"t.py::t": PEAK})
    baselines = memory_baselines.load(tmp_path)
    assert baselines.get("t.py::t", "python", "peak") == 41946608
    assert baselines.get("t.py::t", "python", "allocations") is None
    assert baselines.get("t.py::t", "heap", "peak") is None
    assert list(baselines) == ["t.py::t"]


@pytest.mark.parametrize(
    ("metric", "number", "stored"),
    [
        ("leak", -5, "0"),
        ("leak", 0.2, "1"),
        ("peak", 10.0, "10"),
        ("allocations", np.int64(3), "3"),
        ("fragmentation", np.float64(1 / 3), "0.3333"),
        ("hit_rate", 1.0, "1.0"),
        ("other", 12345.678, "12350.0"),
    ],
)
def test_numbers_are_stored_in_the_digits_that_mean_something(tmp_path, metric, number, stored):
    memory_baselines.update(tmp_path, {"t": {"p": {metric: number}}})
    assert f'"{metric}": {stored}}}' in read(tmp_path)


@pytest.mark.parametrize("number", [-1, float("nan"), float("inf"), True, "1", []])
def test_what_cannot_be_a_baseline_is_refused(tmp_path, number):
    with pytest.raises(StoreError, match=r"^t python peak: got .*, accepted: a number >= 0$"):
        memory_baselines.update(tmp_path, {"t": {"python": {"peak": number}}})
    assert not list(tmp_path.iterdir())


def test_a_file_that_would_not_change_is_not_touched(tmp_path):
    memory_baselines.update(tmp_path, {"a": PEAK, "b": PEAK})
    path = tmp_path / "memory.json"
    path.write_text(read(tmp_path).replace("\n", "\r\n"), newline="")  # as git checks out on Windows
    before = path.stat()
    assert not memory_baselines.update(tmp_path, {"b": PEAK}, removed=["c"])
    after = path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_nothing_to_say_makes_no_folder(tmp_path):
    memory_baselines.update(tmp_path / "baselines", {})
    assert not (tmp_path / "baselines").exists()


def test_a_test_without_numbers_has_no_entry(tmp_path):
    memory_baselines.update(tmp_path, {"a": PEAK, "b": PEAK})
    diff = memory_baselines.update(tmp_path, {"a": {}, "b": {"python": {}}})
    assert len(diff.removed) == 4
    assert read(tmp_path) == '{"schema": 1, "entries": {}}\n'


def test_a_test_that_ran_is_not_removed(tmp_path):
    memory_baselines.update(tmp_path, {"a": PEAK}, removed=["a"])
    assert memory_baselines.load(tmp_path).entries == {"a": PEAK}


def test_a_file_that_is_wrong_is_not_overwritten(tmp_path):
    (tmp_path / "memory.json").write_text("{")
    with pytest.raises(StoreError, match="not JSON"):
        memory_baselines.update(tmp_path, {"a": PEAK})
    assert read(tmp_path) == "{"


@pytest.mark.parametrize(
    ("content", "words"), [(b"\xff", "is not UTF-8: byte 0xff"), (None, "cannot read .*: is a directory")]
)
def test_a_file_that_cannot_be_read_is_said(tmp_path, content, words):
    path = tmp_path / "memory.json"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(StoreError, match=words):
        memory_baselines.load(tmp_path)


def test_a_folder_that_is_a_file_is_said(tmp_path):
    (tmp_path / "baselines").write_text("")
    with pytest.raises(StoreError, match=r"cannot read .*memory\.json: not a directory"):
        memory_baselines.update(tmp_path / "baselines", {"a": PEAK})


def test_a_folder_that_cannot_be_made_is_said():
    if not Path("/proc/self").exists():
        pytest.skip("/proc is Linux's")
    with pytest.raises(StoreError, match="cannot make /proc/self/baselines: "):
        memory_baselines.update(Path("/proc/self/baselines"), {"a": PEAK})


def test_a_preview_changes_nothing(tmp_path):
    diff = memory_baselines.preview(tmp_path, {"a": PEAK})
    assert [str(change) for change in diff.added] == ["a python leak new 0 B", "a python peak new 40.0 MiB"]
    assert not list(tmp_path.iterdir())
