"""Options and their ini keys."""

from __future__ import annotations

import pytest

_LARGE = """
import pytest

@pytest.mark.memory_budget(peak="1 MiB")
def test_large():
    bytearray(3 << 20)
"""


def test_off_by_default(pytester, run):
    pytester.makepyfile(_LARGE)
    run("--strict-markers").assert_outcomes(passed=1)


def test_memguard_takes_no_value(pytester, run):
    path = pytester.makepyfile(_LARGE)
    run("--memguard", str(path)).assert_outcomes(failed=1)


@pytest.mark.parametrize(
    ("ini", "option", "failed"),
    [
        ("enforce", None, 1),
        ("enforce", "--no-memguard", 0),
        ("enforce", "--memguard-observe", 0),
        ("off", "--memguard", 1),
    ],
)
def test_an_option_beats_the_ini(pytester, run, ini, option, failed):
    pytester.makeini(f"[pytest]\nmemguard = {ini}\n")
    pytester.makepyfile(_LARGE)
    run(*filter(None, [option])).assert_outcomes(failed=failed, passed=1 - failed)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("top", "many"),
        ("rounds", "0"),
        ("warmup", "-1"),
        ("probes", "pyton"),
        ("probes", ","),
        ("report", "pdf"),
        ("blame", "magic"),
    ],
)
@pytest.mark.parametrize("is_ini", [True, False], ids=["ini", "option"])
def test_wrong_values_are_usage_errors(pytester, run, name, value, is_ini):
    pytester.makepyfile(_LARGE)
    if is_ini:
        pytester.makeini(f"[pytest]\nmemguard_{name} = {value}\n")
    result = run("--memguard", *([] if is_ini else [f"--memguard-{name}={value}"]))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: *memguard*{name}*got '{value}', accepted: *"])


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--memguard", "--memguard-top=many", "-q"], "*top*: got 'many', accepted: *"),
        (
            ["--memguard-update"],
            "--memguard-update: got memguard off, accepted: on, by --memguard or the ini",
        ),
        (["--no-memguard", "--memguard-update"], "--memguard-update: got memguard off, accepted: *"),
        (
            ["--memguard", "--memguard-report=json:a", "--memguard-report=markdown:a"],
            "*report*: got 'markdown:a', accepted: a path of its own for each format",
        ),
    ],
)
def test_options_that_contradict_each_other_are_usage_errors(run, options, complaint):
    result = run(*options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {complaint}"])


@pytest.mark.parametrize("hook", ["pytest_memguard_probes", "pytest_memguard_reports"])
def test_hooks_that_return_no_series(pytester, run, hook):
    pytester.makeconftest(f"def {hook}(config): return 7\n")
    result = run("--memguard")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {hook}: got 7, accepted: a list"])


def test_a_wrong_mode(pytester, run):
    pytester.makeini("[pytest]\nmemguard = sometimes\n")
    result = run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: memguard: got 'sometimes', accepted: enforce, observe, off"])


def test_rounds_and_warmup_count_calls(pytester, run):
    pytester.makepyfile(
        """
        import collections
        import pytest

        calls = collections.Counter()

        @pytest.mark.memory_budget(peak="1 MiB")
        def test_default():
            calls["default"] += 1

        @pytest.mark.memory_budget(peak="1 MiB", rounds=3, warmup=2)
        def test_own():
            calls["own"] += 1

        def test_unguarded():
            calls["unguarded"] += 1

        def test_counts():
            print(dict(calls))
        """
    )
    once = "{'default': 1, 'own': 5, 'unguarded': 1}"
    run.enforced("-s").stdout.fnmatch_lines([f"*{once}*"])
    more = "{'default': 5, 'own': 5, 'unguarded': 1}"
    run.enforced("-s", "--memguard-rounds=4", "--memguard-warmup=1").stdout.fnmatch_lines([f"*{more}*"])


def test_rounds_call_with_clean_fixtures(pytester, run):
    pytester.makepyfile(
        """
        import os
        import warnings
        import pytest

        @pytest.mark.memory_budget(leak="0 B", rounds=5)
        def test_fixtures(monkeypatch, recwarn, tmp_path, caplog, capsys):
            assert "MEMGUARD_ROUND" not in os.environ
            monkeypatch.setenv("MEMGUARD_ROUND", "1")
            warnings.warn("once", stacklevel=1)
            assert len(recwarn) == 1
            (tmp_path / "file").write_text("x")
            print("out")
            assert capsys.readouterr().out == "out\\n"
        """
    )
    # In this process pytester itself keeps 240 B about every warning.
    run.enforced(is_apart=True).assert_outcomes(passed=1)


def test_strict_fails_what_could_not_be_judged(pytester, run):
    pytester.makepyfile(
        """
        import tracemalloc
        import pytest

        @pytest.mark.memory_budget(peak="1 MiB")
        def test_inconclusive():
            tracemalloc.stop()
        """
    )
    assert run.enforced().ret == 0
    result = run.enforced("--memguard-strict")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["memguard: strict: what is listed above fails the run"])
    result = run("--memguard-observe", "--memguard-strict")
    assert result.ret == 0
    result.stdout.no_fnmatch_line("memguard: strict*")


def test_a_probe_that_cannot_run_is_said_and_fails_only_a_strict_run(pytester, run):
    pytester.makeconftest(
        """
        class Tape:
            name = "tape"
            noise_floor_bytes = 0
            def unavailable(self):
                return "no tape in the drive"

        def pytest_memguard_probes(config):
            return [Tape()]
        """
    )
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.memory_budget(peak="1 KiB", probe="tape")
        def test_tape():
            pass
        """
    )
    result = run.enforced()
    assert result.ret == 0
    result.stdout.fnmatch_lines(["memguard: 0 guarded, 1 unavailable", "unavailable: no tape in the drive"])
    assert run.measurement("test_tape", "peak")["verdict"] == "unavailable"
    assert run.enforced("--memguard-strict").ret == 1


@pytest.mark.parametrize(
    ("option", "is_shown"), [("-q", False), ("--memguard-top=0", False), ("-v", True), ("-vv", True)]
)
def test_sites_by_verbosity(pytester, run, option, is_shown):
    pytester.makepyfile(
        """
        import pytest

        kept = []

        @pytest.mark.memory_budget(leak="0 B")
        def test_leak():
            kept.append(bytearray(3 << 20))
        """
    )
    result = run.enforced(option)
    assert ("still held after the call" in result.stdout.str()) is is_shown
