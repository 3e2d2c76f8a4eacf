from __future__ import annotations

import pytest

from pytest_memguard.store.diff import Change, Diff, compare_entries

MiB = 2**20


@pytest.mark.parametrize(
    ("metric", "old", "new", "line"),
    [
        ("peak", 40 * MiB, 412 * MiB // 10, "t python peak 40.0 MiB -> 41.2 MiB (+3.0 %)"),
        ("peak", 40 * MiB, 20 * MiB, "t python peak 40.0 MiB -> 20.0 MiB (-50.0 %)"),
        ("peak", 40 * MiB, 40 * MiB + 1200, "t python peak 40.0 MiB -> 40.0 MiB (+1,200 B)"),
        ("leak", 0, 8, "t python leak 0 B -> 8 B"),
        ("peak", None, 40 * MiB, "t python peak new 40.0 MiB"),
        ("peak", 40 * MiB, None, "t python peak removed (was 40.0 MiB)"),
        ("fragmentation", 0.25, 0.5, "t python fragmentation 0.25 -> 0.5 (+100.0 %)"),
        ("allocations", 1000, 1001, "t python allocations 1,000 -> 1,001 (+0.1 %)"),
        ("other", None, 2, "t python other new 2"),
        ("other", None, 0.5, "t python other new 0.5"),
    ],
)
def test_a_change_in_one_line(metric, old, new, line):
    assert str(Change(nodeid="t", probe="python", metric=metric, old=old, new=new)) == line


def test_changes_are_sorted_into_three():
    diff = compare_entries(
        {"a": {"p": {"peak": 1, "leak": 0}}, "c": {"p": {"peak": 1}}},
        {"a": {"p": {"peak": 2, "leak": 0}}, "b": {"p": {"peak": 3}}},
    )
    assert [change.nodeid for change in diff.added] == ["b"]
    assert [(change.nodeid, change.metric, change.old, change.new) for change in diff.changed] == [
        ("a", "peak", 1, 2)
    ]
    assert [change.nodeid for change in diff.removed] == ["c"]
    assert [line.split()[0] for line in diff.lines()] == ["a", "b", "c"]
    assert diff


def test_nothing_changed_is_false():
    assert not compare_entries({"a": {"p": {"peak": 1}}}, {"a": {"p": {"peak": 1}}})
    assert not Diff()
