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


def test_a_test_that_was_collected_is_none_wherever_its_file_is(tmp_path):
    assert orphans(["elsewhere.py::t"], {"elsewhere.py::t"}, set(), tmp_path) == ()
