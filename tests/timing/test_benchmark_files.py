from __future__ import annotations

import pytest

from pytest_memguard.timing.benchmark_files import bring_over, is_brought_over, places_of, unseen_changes


@pytest.fixture
def trees(tmp_path):
    def make(**sides):
        for side, files in sides.items():
            for name, content in files.items():
                path = tmp_path / side / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content)
        return tmp_path / "base", tmp_path / "head"

    return make


def contents(tree):
    return {path.relative_to(tree).as_posix(): path.read_text() for path in tree.rglob("*") if path.is_file()}


def test_a_folder_of_tests_is_taken_whole(trees):
    base, head = trees(
        base={"pkg/a.py": "old", "tests/bench/test_a.py": "old", "tests/gone.py": "", "conftest.py": "old"},
        head={
            "pkg/a.py": "new",
            "tests/bench/test_a.py": "new",
            "tests/data/x": "new",
            "conftest.py": "new",
            "tox.ini": "new",
        },
    )
    places = places_of(["tests/bench/test_a.py"], head=head, ini=head / "tox.ini")
    bring_over(places, head=head, base=base)
    assert contents(base) == {
        "pkg/a.py": "old",
        "tests/bench/test_a.py": "new",
        "tests/data/x": "new",
        "conftest.py": "new",
        "tox.ini": "new",
    }
    assert is_brought_over("tests/helper.py", places)
    assert not is_brought_over("pkg/a.py", places)


def test_a_benchmark_beside_the_code_comes_alone(trees):
    base, head = trees(
        base={"pkg/a.py": "old", "pkg/test_a.py": "old", "pkg/conftest.py": "old"},
        head={"pkg/a.py": "new", "pkg/test_a.py": "new"},
    )
    bring_over(places_of(["pkg/test_a.py"], head=head, ini=None), head=head, base=base)
    assert contents(base) == {"pkg/a.py": "old", "pkg/test_a.py": "new"}


@pytest.mark.parametrize(
    "name", ["../mine/tests/test_a.py", "{mine}/tests/test_a.py", "linked/tests/test_a.py"]
)
def test_files_outside_of_the_trees_are_left_alone(tmp_path, trees, name):
    base, head = trees(
        base={"a.py": ""},
        head={"a.py": ""},
        mine={"tests/test_a.py": "mine", "tests/data.py": "mine", "conftest.py": "mine"},
    )
    mine = tmp_path / "mine"
    (base / "linked").symlink_to(mine)
    (head / "linked").symlink_to(mine)
    before = contents(mine)
    places = places_of([name.format(mine=mine)], head=head, ini=None)
    assert unseen_changes(places, head=head, base=base) == []
    bring_over(places, head=head, base=base)
    assert contents(mine) == before


def test_code_that_lies_beside_benchmarks_is_told_where_it_changed(trees):
    """A package called perf, say: head's on both sides, no change of it is seen."""
    unchanged = {
        "perf/same.py": "",
        "perf/test_b.py": "{side}",
        "perf/data.txt": "{side}",
        "perf/conftest.py": "",
    }
    base, head = trees(
        base={"perf/core.py": "old", "perf/gone.py": "", "pkg/a.py": "old", **unchanged},
        head={"perf/core.py": "new", "perf/new.py": "", "pkg/a.py": "new", **unchanged},
    )
    places = places_of(["perf/tests/test_a.py", "pkg/test_a.py"], head=head, ini=None)
    assert unseen_changes(places, head=head, base=base) == ["perf/core.py"]
