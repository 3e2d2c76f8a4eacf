from __future__ import annotations

from pytest_memguard.timing.packages import packages, shadowed


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
