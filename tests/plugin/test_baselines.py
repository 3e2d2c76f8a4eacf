"""Numbers committed beside the code."""

from __future__ import annotations

import json
import os

import pytest

_TESTS = """
import pytest

SIZE = {size}

@pytest.mark.memory_budget(peak="baseline")
def test_one():
    bytearray(SIZE)

@pytest.mark.memory_budget(peak="baseline")
def test_two():
    bytearray(1 << 20)
"""


def _peak(pytester, name):
    text = (pytester.path / "baselines" / "memory.json").read_text()
    return next(value for key, value in _flat(json.loads(text)) if name in key and key.endswith("peak"))


def _flat(value, path=""):
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _flat(part, f"{path}/{key}")
    else:
        yield path, value


def test_update_then_compare(pytester, run):
    pytester.makepyfile(test_x=_TESTS.format(size=2 << 20))
    result = run.enforced()
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*2 baselines missing*memguard-update*"])
    assert run.enforced("--memguard-strict").ret == 1
    result = run.enforced("--memguard-update")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*memory.json updated", "*test_one python peak new 2.0 MiB"])
    assert run.enforced("--memguard-strict").ret == 0
    pytester.makepyfile(test_x=_TESTS.format(size=(2 << 20) + 1000))
    run.enforced("--memguard-strict").assert_outcomes(passed=2)
    pytester.makepyfile(test_x=_TESTS.format(size=3 << 20))
    result = run.enforced()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["peak 3.0 MiB, baseline 2.0 MiB*"])
    result = run.enforced("--memguard-update", "-k", "test_one")
    result.assert_outcomes(passed=1, deselected=1)
    result.stdout.fnmatch_lines(["*test_one python peak 2.0 MiB -> 3.0 MiB*"])
    assert _peak(pytester, "test_one") > 3 << 20
    assert _peak(pytester, "test_two") > 1 << 20
    pytester.makepyfile(test_x=_TESTS.format(size=1 << 20))
    run.enforced("--memguard-update").assert_outcomes(passed=2)
    assert _peak(pytester, "test_one") < 2 << 20


def test_a_failing_test_is_not_written(pytester, run):
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.memory_budget(peak="baseline")
        def test_wrong():
            raise ValueError

        @pytest.mark.xfail
        @pytest.mark.memory_budget(peak="baseline")
        def test_expected():
            raise ValueError
        """
    )
    run.enforced("--memguard-update").assert_outcomes(failed=1, xfailed=1)
    assert not (pytester.path / "baselines" / "memory.json").exists()


def test_orphans_are_listed(pytester, run):
    pytester.makepyfile(test_x=_TESTS.format(size=2 << 20))
    run.enforced("--memguard-update")
    pytester.makepyfile(test_x="def test_other(): pass")
    result = run.enforced()
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*2 orphaned baselines*memguard baseline prune*"])
    assert run.enforced("--memguard-strict").ret == 1


def test_a_malformed_file_is_a_usage_error(pytester, run):
    pytester.makepyfile(test_x=_TESTS.format(size=2 << 20))
    path = pytester.mkdir("baselines") / "memory.json"
    path.write_text("{ not json")
    for options in ([], ["--memguard-update"]):
        result = run.enforced(*options)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines(["ERROR: memguard: *memory.json*"])
    assert path.read_text() == "{ not json"


def test_a_folder_that_cannot_be_written(pytester, run):
    pytester.makepyfile(test_x=_TESTS.format(size=2 << 20))
    result = run.enforced("--memguard-update", "--memguard-baselines=/proc/memguard")
    assert result.ret not in (0, 3)
    result.stdout.fnmatch_lines(["memguard: cannot make /proc/memguard*"])


@pytest.mark.skipif(
    hasattr(os, "geteuid") and os.geteuid() == 0,
    reason="root may write into any folder that has a file system",
)
def test_a_folder_that_may_not_be_written_keeps_what_it_has(pytester, run):
    pytester.makepyfile(test_x=_TESTS.format(size=2 << 20))
    run.enforced("--memguard-update")
    folder = pytester.path / "baselines"
    before = (folder / "memory.json").read_bytes()
    pytester.makepyfile(test_x=_TESTS.format(size=4 << 20))
    folder.chmod(0o500)
    try:
        result = run.enforced("--memguard-update")
    finally:
        folder.chmod(0o700)
    assert result.ret not in (0, 3)
    result.stdout.fnmatch_lines(["memguard: cannot write *memory.json*"])
    assert (folder / "memory.json").read_bytes() == before
