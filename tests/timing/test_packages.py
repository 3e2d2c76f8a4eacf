from __future__ import annotations

from pathlib import Path

import pytest

from pytest_memguard.timing.packages import one_code, packages, shadowed


def test_what_can_be_imported_from_a_repository():
    files = (
        "flat/__init__.py", "flat/inner/__init__.py", "single.py", "setup.py", "conftest.py", "test_it.py",
        "src/laid_out/__init__.py", "src/module.py", "tests/__init__.py", "docs/conf/__init__.py", "README.md",
    )  # fmt: skip
    assert packages(files) == {"flat": ".", "single": ".", "laid_out": "src", "module": "src"}


def test_what_came_from_elsewhere(tmp_path):
    tree = tmp_path / "tree"
    origins = {"own": str(tree / "src" / "own" / "__init__.py"), "other": str(tmp_path / "other.py")}
    assert shadowed(origins, tree) == [
        f"other was imported from {tmp_path / 'other.py'}, not from the commit under test"
    ]


@pytest.mark.parametrize(
    ("base", "head", "is_one"),
    [
        ({"a": "/x/a.py"}, {"a": "/x/a.py"}, True),
        ({"a": "/x/a.py"}, {"a": "/y/a.py"}, False),
        ({"a": "/x/a.py"}, {}, False),
        ({}, {}, False),
        ({"a": "/x/a.py", "b": "/trees/base/b.py"}, {"a": "/x/a.py", "b": "/trees/head/b.py"}, False),
    ],
)
def test_nothing_of_either_commit(base, head, is_one):
    sentence = one_code(base, head, Path("/trees"))
    assert (sentence is not None) is is_one
    if sentence:
        assert sentence.startswith("both sides import a from /x/a.py, and nothing from their own commits")
