from __future__ import annotations

import pytest

from pytest_memguard.timing.building import compiled_apart
from pytest_memguard.timing.compare import _advice
from pytest_memguard.timing.settings import DuetSettings


def test_what_was_compiled_apart(tmp_path):
    base, head = tmp_path / "base", tmp_path / "head"
    for tree in (base, head):
        (tree / "pkg").mkdir(parents=True)
        (tree / "pkg" / "same.abi3.so").write_bytes(b"1")
        (tree / "pkg" / "fast.so").write_bytes(tree.name.encode())
        (tree / "pkg" / "fast.py").write_text(tree.name)
    (head / "new.so").write_bytes(b"2")
    assert compiled_apart(base, head) == ["pkg/fast.so"]


@pytest.mark.parametrize(
    ("compiled", "threshold", "count"), [(["a.so"], 0.05, 1), (["a.so"], 0.1, 0), ([], 0.05, 0)]
)
def test_two_builds_have_a_threshold_of_their_own(compiled, threshold, count):
    notes = list(_advice(compiled, DuetSettings(threshold=threshold)))
    assert notes == ["compiled anew, which alone can move a time: rather --threshold 10%: a.so"] * count
