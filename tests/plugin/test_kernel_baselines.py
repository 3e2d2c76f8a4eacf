"""``kernels.json``: what is committed of kernels, through pytest with kernels that need no compiler."""

from __future__ import annotations

import json
import sys

import pytest

from pytest_memguard.kernels import compiling
from pytest_memguard.model import KernelResources
from pytest_memguard.session import kernel_guard  # noqa: F401 - imported once, as in conftest.py

_COMMAND = (sys.executable, "-m", "pytest_memguard.cli", "baseline")
_TESTS = """
import pytest

@pytest.mark.kernel_budget(registers="baseline", spill_bytes="baseline")
@pytest.mark.parametrize("name", ["one", "two"])
def test_x(memguard, name):
    memguard.compile_kernels(name + "\\n")
"""


@pytest.fixture
def compiler(monkeypatch):
    """What stands in for NVRTC: numbers that a test sets, for kernels named by the code itself."""

    def compile_kernels(source, *, options, architectures, names):
        return tuple(
            KernelResources(
                kernel=source.text.split("\n")[-2],
                architecture=architecture,
                nvrtc=compile_kernels.version,
                stack_bytes=0,
                shared_bytes=0,
                **compile_kernels.numbers,
            )
            for architecture in compile_kernels.architectures
        )

    compile_kernels.version = (12, 9)
    compile_kernels.architectures = ("sm_75", "sm_90")
    compile_kernels.numbers = {"registers": 60, "spill_bytes": 0}
    monkeypatch.setattr("pytest_memguard.kernels.compile_kernels", compile_kernels)
    return compile_kernels


@pytest.fixture
def entries(pytester):
    path = pytester.path / "baselines" / "kernels.json"
    return lambda: json.loads(path.read_text(encoding="utf-8"))["entries"]


@pytest.fixture(autouse=True)
def _suite(pytester):
    pytester.makepyfile(test_k=_TESTS)


def test_the_stand_in_takes_what_the_compiler_takes(compiler):
    import inspect

    taken = inspect.signature(compiling.compile_kernels).parameters
    assert [*inspect.signature(compiler).parameters] == [*taken]


def test_update_writes_a_line_for_each_kernel(pytester, run, compiler):
    result = run.enforced()
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        ["inconclusive: registers has no committed baseline: commit one with pytest --memguard --memguard-update",
         "8 baselines missing*", "*test_k.py::test_x[[]one] [[]kernel one sm_75 nvrtc12 registers]"]
    )  # fmt: skip
    assert run.enforced("--memguard-strict").ret == 1
    result = run.enforced("--memguard-update")
    result.stdout.fnmatch_lines(
        ["*kernels.json updated", "*test_k.py::test_x[[]one] kernel one sm_75 nvrtc12 registers new 60"]
    )
    assert (pytester.path / "baselines" / "kernels.json").read_text(encoding="utf-8") == (
        '{"schema": 1, "entries": {\n'
        '"test_k.py::test_x[one]": {\n'
        ' "kernel one sm_75 nvrtc12": {"registers": 60, "spill_bytes": 0},\n'
        ' "kernel one sm_90 nvrtc12": {"registers": 60, "spill_bytes": 0}\n'
        "},\n"
        '"test_k.py::test_x[two]": {\n'
        ' "kernel two sm_75 nvrtc12": {"registers": 60, "spill_bytes": 0},\n'
        ' "kernel two sm_90 nvrtc12": {"registers": 60, "spill_bytes": 0}\n'
        "}\n"
        "}}\n"
    )
    assert not (pytester.path / "baselines" / "memory.json").exists()
    run.enforced("--memguard-strict").assert_outcomes(passed=2)
    run.enforced("--memguard-update").stdout.fnmatch_lines(["*kernels.json is up to date"])


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        ({"registers": 65, "spill_bytes": 0}, "registers 65, baseline 60 (+8.3 %), kernel one, sm_75"),
        ({"registers": 60, "spill_bytes": 4}, "spill bytes 4 B, baseline 0 B, kernel one, sm_75"),
        ({"registers": 64, "spill_bytes": 0}, ""),  # registers are handed out in eights
    ],
)
def test_more_than_what_is_committed_fails(run, compiler, numbers, sentence):
    run.enforced("--memguard-update")
    compiler.numbers = numbers
    result = run.enforced()
    if sentence:
        result.assert_outcomes(failed=2)
        result.stdout.fnmatch_lines([sentence])
    else:
        result.assert_outcomes(passed=2)


def test_less_is_told_and_an_update_lowers_it(run, compiler, entries):
    run.enforced("--memguard-update")
    compiler.numbers = {"registers": 40, "spill_bytes": 0}
    run.enforced().assert_outcomes(passed=2)
    assert run.measurement("test_x[one]", "registers")["reason"] == (
        "registers is below its baseline 60: --memguard-update lowers it"
    )
    run.enforced("--memguard-update", "-k", "one").stdout.fnmatch_lines(["*registers 60 -> 40 (-33.3 %)"])
    assert entries()["test_k.py::test_x[one]"]["kernel one sm_90 nvrtc12"]["registers"] == 40
    assert entries()["test_k.py::test_x[two]"]["kernel two sm_90 nvrtc12"]["registers"] == 60


def test_another_compiler_has_numbers_of_its_own(run, compiler, entries):
    run.enforced("--memguard-update")
    compiler.version, compiler.numbers = (13, 0), {"registers": 90, "spill_bytes": 8}
    result = run.enforced()
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        ["inconclusive: registers has no committed baseline*(committed for nvrtc12, measured with nvrtc13)"]
    )
    run.enforced("--memguard-update")
    assert len(entries()["test_k.py::test_x[one]"]) == 4
    run.enforced("--memguard-strict").assert_outcomes(passed=2)
    compiler.version = (12, 0)
    run.enforced().assert_outcomes(failed=2)


def test_what_was_not_compiled_for_keeps_its_numbers(run, compiler, entries):
    run.enforced("--memguard-update")
    compiler.architectures, compiler.numbers = ("sm_90",), {"registers": 90, "spill_bytes": 0}
    run.enforced("--memguard-update", "-k", "one")
    assert entries()["test_k.py::test_x[one]"] == {
        "kernel one sm_75 nvrtc12": {"registers": 60, "spill_bytes": 0},
        "kernel one sm_90 nvrtc12": {"registers": 90, "spill_bytes": 0},
    }


def test_a_kernel_that_is_gone_leaves(pytester, run, compiler, entries):
    run.enforced("--memguard-update")
    pytester.makepyfile(test_k=_TESTS.replace('name + "', 'name + "_new'))
    run.enforced("--memguard-update").stdout.fnmatch_lines(
        ["*kernel one sm_75 nvrtc12 registers removed (was 60)"]
    )
    assert [*entries()["test_k.py::test_x[one]"]] == [
        "kernel one_new sm_75 nvrtc12",
        "kernel one_new sm_90 nvrtc12",
    ]


def test_a_test_that_is_gone_is_orphaned_and_pruned(pytester, run, compiler, entries):
    run.enforced("--memguard-update")
    pytester.makepyfile(test_k=_TESTS.replace(', "two"', ""))
    run.enforced().stdout.fnmatch_lines(
        ["1 orphaned baseline: run `memguard baseline prune`", "*test_x[[]two]"]
    )
    done = pytester.run(*_COMMAND, "show", "*two*")
    done.stdout.fnmatch_lines(["*test_x[[]two]*kernel two sm_75 nvrtc12*registers*60*"])
    pytester.run(*_COMMAND, "prune").stdout.fnmatch_lines(["removed test_k.py::test_x[[]two]"])
    assert [*entries()] == ["test_k.py::test_x[one]"]


def test_a_failing_test_writes_nothing(pytester, run, compiler):
    pytester.makepyfile(test_k=_TESTS + "    assert name == 'one'\n")
    run.enforced("--memguard-update").assert_outcomes(passed=1, failed=1)
    assert "two" not in (pytester.path / "baselines" / "kernels.json").read_text(encoding="utf-8")
