from __future__ import annotations

import pytest

from pytest_memguard.model import Verdict
from pytest_memguard.store import kernel_baselines, memory_baselines
from tests.cli.samples import MiB, measured, memguard, result, run_of, saved


@pytest.fixture
def path(tmp_path):
    return saved(
        tmp_path, "run.json", run_of(result("t", measured()), result("seen", measured(), guarded=False))
    )


def test_numbers_of_guarded_tests_are_committed(tmp_path, path):
    folder = tmp_path / "baselines"
    memory_baselines.update(folder, {"t": {"python": {"peak": 30 * MiB}}, "other": {"rss": {"peak": 1}}})
    done = memguard("baseline", "update", path, "--baselines", folder)
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "t python peak 30.0 MiB -> 40.0 MiB (+33.3 %)",
        f"{folder / 'memory.json'}: 0 new, 1 changed, 0 removed",
    ]
    assert memory_baselines.load(folder).entries == {
        "t": {"python": {"peak": 40 * MiB}},
        "other": {"rss": {"peak": 1}},
    }


def test_kernels_have_a_file_of_their_own(tmp_path):
    probe = "kernel k sm_90 nvrtc12"
    path = saved(tmp_path, "run.json", run_of(result("k", measured("registers", 40, probe=probe))))
    done = memguard("baseline", "update", path, "--baselines", tmp_path)
    assert done.exit_code == 0
    assert f"{tmp_path / 'kernels.json'}: 1 new, 0 changed, 0 removed" in done.stdout
    assert kernel_baselines.load(tmp_path).entries == {"k": {probe: {"registers": 40}}}


@pytest.mark.parametrize(
    ("failed", "reason"),
    [
        (result("t", measured(), failed=True), "the test failed"),
        (result("t", measured(verdict=Verdict.FAIL, budget=1, reason="peak too high")), "peak too high"),
    ],
)
def test_numbers_of_a_test_that_failed_are_no_baselines(tmp_path, failed, reason):
    folder = tmp_path / "baselines"
    path = saved(tmp_path, "run.json", run_of(failed))
    done = memguard("baseline", "update", path, "--baselines", folder)
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        f"{folder / 'memory.json'}: 0 new, 0 changed, 0 removed",
        f"left out: t: {reason}",
    ]
    assert not folder.exists()


def test_a_dry_run_writes_nothing(tmp_path, path):
    done = memguard("baseline", "update", path, "--baselines", tmp_path / "baselines", "--dry-run")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0] == "t python peak new 40.0 MiB"
    assert done.stdout.endswith("1 new, 0 changed, 0 removed (dry run)\n")
    assert not (tmp_path / "baselines").exists()


def test_a_file_that_is_wrong_stays(tmp_path, path):
    (tmp_path / "memory.json").write_text("{")
    done = memguard("baseline", "update", path, "--baselines", tmp_path)
    assert done.exit_code == 2
    assert "memory.json:1:2: not JSON" in done.stderr
    assert (tmp_path / "memory.json").read_text() == "{"


def test_a_folder_that_cannot_be_written(tmp_path, path, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    done = memguard("baseline", "update", path, "--baselines", tmp_path / "baselines")
    assert done.exit_code == 4
    assert done.stderr.endswith("memory.json: no space left on device\n")
