from __future__ import annotations

import pytest

from pytest_memguard.store import memory_baselines
from tests.cli.samples import memguard

ENTRY = {"python": {"peak": 1}}


@pytest.fixture
def suite(tmp_path, monkeypatch):
    """A project with its baselines, and the current folder."""
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider\n")
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "test_whole.py").write_text(
        "import pytest\n"
        "@pytest.mark.parametrize('n', [1, 2])\n"
        "def test_kept(n): pass\n"
        "class TestC:\n"
        "    def test_m(self): pass\n"
    )
    (tmp_path / "t" / "test_skipped.py").write_text(
        "import pytest\npytest.importorskip('no_such_module')\ndef test_gpu(): pass\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    return tmp_path


KEPT = ["t/test_skipped.py::test_gpu", "t/test_whole.py::TestC::test_m", "t/test_whole.py::test_kept[1]"]
GONE = ["t/test_moved.py::test_t", "t/test_whole.py::test_kept[3]", "t/test_whole.py::test_old"]


def commit(*nodeids: str) -> None:
    from pathlib import Path

    memory_baselines.update(Path("baselines"), dict.fromkeys(nodeids, ENTRY))


def left(suite) -> list[str]:
    return list(memory_baselines.load(suite / "baselines"))


def test_only_what_is_gone_goes(suite):
    commit(*KEPT, *GONE)
    done = memguard("baseline", "prune")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == [
        *[f"removed {nodeid}" for nodeid in GONE],
        "baselines/memory.json: 3 of 6 tests gone",
    ]
    assert left(suite) == KEPT


def test_a_dry_run_removes_nothing(suite):
    commit(*KEPT, *GONE)
    done = memguard("baseline", "prune", "--dry-run")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0] == f"would remove {GONE[0]}"
    assert len(left(suite)) == 6


@pytest.mark.parametrize("options", ["-qq", "-vv", "-n 2", "-k test_m", "-x --maxfail=1"])
def test_it_does_not_depend_on_the_options_in_force(suite, options):
    (suite / "pytest.ini").write_text(f"[pytest]\naddopts = -p no:cacheprovider {options}\n")
    commit(*KEPT, *GONE)
    done = memguard("baseline", "prune")
    assert done.exit_code == 0, done.output
    assert left(suite) == KEPT


def test_files_that_are_not_collected_keep_their_numbers(suite):
    (suite / "u").mkdir()
    (suite / "u" / "test_u.py").write_text("def test_u(): pass\n")
    commit("u/test_u.py::test_unknown", *GONE[1:])
    assert memguard("baseline", "prune", "--", "t").exit_code == 0
    assert left(suite) == ["u/test_u.py::test_unknown"]


def test_files_that_are_collected_in_part_keep_their_numbers(suite):
    commit(*GONE)
    assert memguard("baseline", "prune", "--", "t/test_whole.py::TestC").exit_code == 0
    assert left(suite) == GONE[1:]


def test_errors_of_collection_remove_nothing(suite):
    (suite / "t" / "test_broken.py").write_text("import no_such_module\n")
    commit(*GONE)
    done = memguard("baseline", "prune")
    assert done.exit_code == 4
    assert done.stderr.startswith("memguard: pytest could not collect the tests (exit status 2, ")
    assert done.stderr.endswith("run pytest --collect-only to see why\n")
    assert "no_such_module" in done.stderr or "test_broken.py" in done.stderr
    assert done.stderr.count("\n") == 1
    assert left(suite) == GONE


def test_options_that_pytest_refuses(suite):
    commit(*GONE)
    done = memguard("baseline", "prune", "--", "--no-such-option")
    assert done.exit_code == 4
    assert "exit status 4" in done.stderr


def test_the_wrong_folder_removes_nothing(suite, monkeypatch):
    commit(*GONE)
    (suite / "elsewhere").mkdir()
    monkeypatch.chdir(suite / "elsewhere")
    done = memguard("baseline", "prune", "--baselines", suite / "baselines")
    assert done.exit_code == 4
    assert done.stderr == "memguard: pytest collects no tests from here: go to where they are\n"
    assert left(suite) == GONE


def test_nothing_to_prune(suite):
    done = memguard("baseline", "prune")
    assert (done.exit_code, done.stdout) == (0, "baselines/memory.json has no tests\n")
