from __future__ import annotations

from pytest_memguard.store.orphans import orphans


def test_only_what_is_surely_gone_is_an_orphan(tmp_path):
    for name in ("whole.py", "part.py", "not_collected.py"):
        (tmp_path / name).write_text("")
    baselines = [
        "whole.py::kept",
        "whole.py::renamed[a::b]",
        "part.py::not_selected",
        "not_collected.py::t",
        "gone.py::t",
        "gone.py::Class::t",
    ]
    found = orphans(baselines, {"whole.py::kept", "part.py::selected"}, {"whole.py"}, tmp_path)
    assert found == ("whole.py::renamed[a::b]", "gone.py::t", "gone.py::Class::t")


def test_doctests_are_gone_only_where_doctests_are_collected(tmp_path):
    (tmp_path / "a.py").write_text("")
    baselines = ["a.py::a.f", "a.py::pkg.a", "a.py::test_gone[1.5]"]
    collected = {"a.py::test_kept"}
    assert orphans(baselines, collected, {"a.py"}, tmp_path) == ("a.py::test_gone[1.5]",)
    assert orphans(baselines, {*collected, "b.py::b.g"}, {"a.py"}, tmp_path) == tuple(baselines)


def test_a_test_that_was_collected_is_none_wherever_its_file_is(tmp_path):
    assert orphans(["elsewhere.py::t"], {"elsewhere.py::t"}, set(), tmp_path) == ()
