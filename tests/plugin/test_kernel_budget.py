"""Budgets of GPU kernels, through pytest; what needs the compiler is skipped where it is missing."""

from __future__ import annotations

import json
import sys

import pytest

from pytest_memguard.kernels.errors import NvrtcMissing
from pytest_memguard.kernels.nvrtc import load_nvrtc

try:
    load_nvrtc()
    _MISSING = ""
except NvrtcMissing as missing:
    _MISSING = str(missing)

needs_nvrtc = pytest.mark.skipif(bool(_MISSING), reason=_MISSING or "NVRTC is there")

_CODE = '''
import pytest

ADD = """
extern "C" __global__ void add(float* x) { x[threadIdx.x] += 1.0f; }
"""
TILES = """
template <int N> __global__ void tile(float* x) {
  __shared__ float t[N];
  t[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  x[threadIdx.x] = t[N - 1 - threadIdx.x];
}
template __global__ void tile<256>(float*);
"""
SPILLS = """
__global__ void __launch_bounds__(1024) spills(const float* x, float* y) {
  float v[90];
  for (int i = 0; i < 90; ++i) v[i] = x[i * 1024 + threadIdx.x];
  for (int i = 0; i < 90; ++i) y[i * 1024 + threadIdx.x] = v[i] * v[(i + 1) % 90];
}
"""
budget = pytest.mark.kernel_budget
'''


@pytest.fixture
def suite(pytester, run):
    """Write a test file that begins with the kernels above."""

    def write(text, *arguments, **options):
        pytester.makepyfile(test_k=_CODE + text)
        return run.enforced(*arguments, **options)

    return write


# --- without a compiler


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        (
            "registers='many'",
            "registers: got 'many', accepted: a whole number, at least 0, 'baseline', or a callable*",
        ),
        (
            "registers=-1",
            "registers: got -1, accepted: a whole number, at least 0, 'baseline', or a callable*",
        ),
        ("shared_bytes='48 kB/s'", "shared_bytes: got '48 kB/s', accepted: a number of bytes*'baseline'*"),
        ("registers=lambda n: n", "registers: got a callable over 'n', accepted: memguard, request"),
        (
            "register=64",
            "got an argument 'register', accepted: registers, spill_bytes, stack_bytes, shared_bytes*",
        ),
        (
            "",
            "it limits nothing, accepted: at least one of registers, spill_bytes, stack_bytes, shared_bytes",
        ),
        ("registers=1, kernel=7", "kernel: got 7, accepted: a name or a pattern of names such as 'lj_[*]'"),
        ("registers=1, arch=''", "arch: got '', accepted: a name or a pattern of names such as 'sm_90'"),
        ("64", "got positional arguments (64,), accepted: keywords only"),
    ],
)
def test_a_wrong_marker_is_a_collection_error(suite, marker, message):
    result = suite(f"@budget({marker})\ndef test_x(memguard): pass\n")
    result.assert_outcomes(errors=1)
    line = _CODE.count("\n")
    result.stdout.fnmatch_lines([f"test_k.py:{line}: kernel_budget(*): {message}"])


def test_one_subject_has_one_marker(suite):
    result = suite("@budget(registers=1)\n@budget(registers=2)\ndef test_x(): pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*kernel '[*]', arch '[*]' has two markers on one test, accepted: one"])


@pytest.mark.parametrize("body", ["pass", "assert memguard"])
def test_a_test_without_kernels_is_an_error(suite, run, body):
    result = suite(f"@budget(registers=1)\ndef test_x(memguard): {body}\n")
    result.assert_outcomes(failed=1)
    line = _CODE.count("\n")
    result.stdout.fnmatch_lines(
        [
            f"memguard: test_k.py:{line}: kernel_budget: got a test that compiles no kernel, accepted: one that does*"
        ]
    )
    assert run.tests()["test_x"]["verdict"] == "not_measured"


def test_a_test_that_fails_by_itself_says_so_alone(suite):
    result = suite("@budget(registers=1)\ndef test_x(memguard): assert 1 == 2\n")
    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("*compiles no kernel*")


def test_without_the_option_a_marker_costs_nothing(pytester, run):
    pytester.makepyfile(test_k=_CODE + "@budget(registers=1)\ndef test_x(): pass\n")
    run("--strict-markers").assert_outcomes(passed=1)


def test_without_the_compiler_budgets_are_unavailable(suite, run, monkeypatch):
    monkeypatch.setitem(sys.modules, "cuda.pathfinder", None)
    load_nvrtc.cache_clear()
    try:
        text = "@budget(registers=64)\ndef test_x(memguard): memguard.compile_kernels(ADD)\n"
        result = suite(text, "-rs")
        result.assert_outcomes(skipped=1)
        result.stdout.fnmatch_lines(["*SKIPPED*cuda-pathfinder*pip install 'pytest-memguard[[]gpu-check]'"])
        (measurement,) = run.tests()["test_x"]["measurements"]
        assert measurement["verdict"] == "unavailable"
        assert (measurement["value"], measurement["budget"]) == (None, 64)
        assert suite(text, "--memguard-strict").ret == 1
    finally:
        load_nvrtc.cache_clear()


# --- kernels that CuPy has loaded

_CUPY = """
class RawKernel:
    binary_version, num_regs, local_size_bytes, shared_size_bytes, const_size_bytes = 90, 40, 16, 1024, 0
    def __init__(self, code, name): self.name = name

class RawModule:
    def __init__(self, *, code): pass
    def get_function(self, name): return RawKernel("", name)

class cuda:
    class nvrtc:
        def getVersion(): return 12, 8
"""
_LOADING = """
import cupy, pytest

EARLY = cupy.RawKernel(ADD, "early")

@pytest.fixture
def handed_out(): return EARLY

@pytest.fixture
def module(): return cupy.RawModule(code=ADD)

@budget(registers=32)
def test_made(module): module.get_function("made")

@budget(registers=64)
def test_handed_out(handed_out): pass

@budget(spill_bytes=0, shared_bytes=1024)
def test_watched(memguard): memguard.watch_kernels(EARLY)

@budget(registers=64)
def test_none(): pass

@budget(registers=64)
def test_wrong(memguard): memguard.watch_kernels("early")
"""


@pytest.fixture
def cupy(pytester, monkeypatch):
    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    monkeypatch.syspath_prepend(pytester.path)
    pytester.makepyfile(cupy=_CUPY)
    return pytester.path / "cupy.py"


@pytest.mark.usefixtures("cupy")
def test_loaded_kernels_are_judged(suite, run):
    result = suite(_LOADING)
    result.assert_outcomes(passed=1, failed=4)
    measured = {
        (name, m["probe"], m["metric"]): (m["value"], m["verdict"])
        for name, test in run.tests().items()
        for m in test["measurements"]
        if m["value"] is not None
    }
    assert measured == {
        ("test_made", "kernel made sm_90 loaded-nvrtc12", "registers"): (40, "fail"),
        ("test_handed_out", "kernel early sm_90 loaded-nvrtc12", "registers"): (40, "pass"),
        ("test_watched", "kernel early sm_90 loaded-nvrtc12", "spill_bytes"): (16, "fail"),
        ("test_watched", "kernel early sm_90 loaded-nvrtc12", "shared_bytes"): (1024, "pass"),
    }
    result.stdout.fnmatch_lines_random(
        [
            "registers 40, budget 32 (+25.0 %), kernel made, sm_90, loaded",
            "spill bytes 16 B, budget 0 B, kernel early, sm_90, loaded (local memory: the driver does not tell*",
            "memguard: test_k.py:*: kernel_budget: got a test that compiles no kernel*",
            "*TypeError: memguard.watch_kernels: got 'early', accepted: a cupy.RawKernel",
        ]
    )


def test_without_a_device_loaded_kernels_are_unavailable(suite, run, cupy):
    cupy.write_text(_CUPY.replace("= 90, 40,", "= property(lambda self: 1 / 0), 40,"))
    suite(_LOADING, "-k", "made").assert_outcomes(passed=1, deselected=4)
    (measurement,) = run.tests()["test_made"]["measurements"]
    assert (measurement["verdict"], measurement["reason"]) == (
        "unavailable",
        "kernel made cannot be loaded: division by zero",
    )


# --- with it


@needs_nvrtc
def test_kernels_within_their_budget(suite, run):
    result = suite(
        "@budget(registers=64, spill_bytes=0, stack_bytes='1 KiB', shared_bytes='48 KiB')\n"
        "def test_x(memguard):\n"
        "    found = memguard.compile_kernels(ADD + TILES)\n"
        "    assert {each.kernel for each in found} == {'add', 'tile<256>'}\n"
        "    assert {each.architecture for each in found} == {'sm_75', 'sm_90', 'sm_120'}\n"
    )
    result.assert_outcomes(passed=1)
    test = run.tests()["test_x"]
    assert (test["verdict"], test["guarded"], len(test["measurements"])) == ("pass", True, 2 * 3 * 4)
    shared = {m["probe"]: m["value"] for m in test["measurements"] if m["metric"] == "shared_bytes"}
    major = load_nvrtc().version[0]
    assert shared[f"kernel tile<256> sm_90 nvrtc{major}"] == 1024
    assert shared[f"kernel add sm_75 nvrtc{major}"] == 0


@needs_nvrtc
def test_a_spill_is_caught(suite, run):
    result = suite(
        "@budget(spill_bytes=0, arch='sm_90')\n"
        "def test_x(memguard): memguard.compile_kernels(SPILLS)\n",
        "--junitxml=junit.xml", "--memguard-report=markdown:m.md", "--memguard-report=github:g.txt",
    )  # fmt: skip
    result.assert_outcomes(failed=1)
    measurement = run.measurement("test_x", "spill_bytes")
    sentence = f"spill bytes {measurement['value']} B, budget 0 B, kernel spills, sm_90"
    assert measurement["reason"] == sentence
    result.stdout.fnmatch_lines(
        [sentence, f"*kernel spills sm_90 nvrtc* spill_bytes *{measurement['value']} B*fail"]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    folder = run.run_file.parent
    assert sentence in (folder / "m.md").read_text()
    assert f"::{sentence}" in (folder / "g.txt").read_text()
    assert f'spill_bytes" value="{measurement["value"]}"' in (folder / "junit.xml").read_text()


@needs_nvrtc
def test_a_sentence_says_how_much_too_much(suite, run):
    suite("@budget(registers=4, arch='sm_90')\ndef test_x(memguard): memguard.compile_kernels(ADD)\n")
    found = run.measurement("test_x", "registers")
    excess = f"{(found['value'] / 4 - 1) * 100:+.1f} %"
    assert found["reason"] == f"registers {found['value']}, budget 4 ({excess}), kernel add, sm_90"


@needs_nvrtc
def test_a_broken_budget_is_an_ordinary_failure(suite):
    result = suite(
        "@pytest.mark.xfail(strict=True)\n@budget(registers=1)\n"
        "def test_expected(memguard): memguard.compile_kernels(ADD, architectures=['sm_90'])\n"
        "@budget(registers=1)\n"
        "def test_itself(memguard):\n    memguard.compile_kernels(ADD, architectures=['sm_90'])\n    assert 1 == 2\n"
    )
    result.assert_outcomes(xfailed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*assert 1 == 2", "*memguard*", "registers *, budget 1 *, kernel add, sm_90"]
    )


@needs_nvrtc
def test_observing_fails_nothing(pytester, run):
    pytester.makepyfile(
        test_k=_CODE + "@budget(registers=1)\ndef test_x(memguard): memguard.compile_kernels(ADD)\n"
        "@budget(registers=1)\ndef test_y(memguard): pass\n"
    )
    run("--memguard-observe", f"--memguard-report=json:{run.run_file}").assert_outcomes(passed=2)
    assert {name: test["verdict"] for name, test in run.tests().items()} == {
        "test_x": "fail",
        "test_y": "not_measured",
    }


@needs_nvrtc
def test_what_names_a_kernel_counts_before_what_is_closest(suite, run):
    result = suite(
        "@budget(registers=200, kernel='ti*')\n@budget(shared_bytes=0, kernel='add')\n"
        "class TestAll:\n"
        "    @budget(registers=1, arch='sm_9?')\n    @budget(registers=100)\n"
        "    def test_x(self, memguard): memguard.compile_kernels(ADD + TILES, architectures=['sm_75', 'sm_90'])\n"
    )
    result.assert_outcomes(failed=1)
    budgets = {
        " ".join(m["probe"].split()[1:3]): m["budget"]
        for m in run.tests()["test_x"]["measurements"]
        if m["metric"] == "registers"
    }
    assert budgets == {"add sm_75": 100, "add sm_90": 1, "tile<256> sm_75": 200, "tile<256> sm_90": 200}


@needs_nvrtc
def test_a_name_that_fits_no_kernel_is_an_error(suite):
    result = suite(
        "@budget(registers=64, kernel='sub')\ndef test_x(memguard): memguard.compile_kernels(ADD)\n"
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["memguard: test_k.py:*: kernel_budget: got kernel='sub', arch='[*]', accepted: add*"]
    )


@needs_nvrtc
def test_limits_over_the_tests_own_arguments(suite, run):
    result = suite(
        "@pytest.mark.parametrize('n', [128, 256])\n@budget(shared_bytes=lambda n: 4 * n - (n == 256))\n"
        "def test_x(memguard, n):\n"
        "    memguard.compile_kernels(TILES.replace('256', str(n)), architectures=['sm_90'])\n"
    )
    result.assert_outcomes(passed=1, failed=1)
    assert run.measurement("test_x[256]", "shared_bytes")["budget"] == 1023


@needs_nvrtc
def test_one_name_has_one_number(suite):
    result = suite(
        "@budget(shared_bytes=4096)\ndef test_x(memguard):\n"
        "    for n in ('64', '128'):\n"
        "        memguard.compile_kernels(TILES.replace('tile<256>', 'tile<' + n + '>'), architectures=['sm_90'])\n"
        "@budget(registers=64)\ndef test_y(memguard):\n"
        "    for _ in range(2): memguard.compile_kernels(ADD, architectures=['sm_90'])\n"
        "@budget(shared_bytes=4096)\ndef test_z(memguard):\n"
        "    for n in ('t[N]', 't[2 * N]'):\n"
        "        memguard.compile_kernels(TILES.replace('t[N]', n, 1), architectures=['sm_90'])\n"
    )
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        ["*got kernel tile<256>, sm_90 compiled in two ways with different resources*"]
    )


@needs_nvrtc
def test_an_error_of_the_source_stands_at_its_line_of_the_test_file(suite, pytester):
    result = suite(
        'BAD = """\n__global__ void k(float* x) { *x = nothing; }\n"""\n'
        "@budget(registers=64)\ndef test_x(memguard): memguard.compile_kernels(BAD)\n"
    )
    result.assert_outcomes(failed=1)
    line = _CODE.count("\n") + 1
    result.stdout.fnmatch_lines([f'*test_k.py({line}): error: identifier "nothing" is undefined'])
    result.stdout.no_fnmatch_line("*pytest_memguard*py:*")


@needs_nvrtc
def test_workers_measure_and_the_controller_writes(suite, pytester):
    text = (
        "@pytest.mark.parametrize('i', range(3))\n@budget(registers='baseline')\n"
        "def test_x(memguard, i): memguard.compile_kernels(ADD, architectures=['sm_90'])\n"
    )
    suite(text, "-n2", "--memguard-update", plugins=("xdist",), is_apart=True).assert_outcomes(passed=3)
    entries = json.loads((pytester.path / "baselines" / "kernels.json").read_text())["entries"]
    assert [*entries] == [f"test_k.py::test_x[{i}]" for i in range(3)]
    suite(text, "-n2", "--memguard-strict", plugins=("xdist",), is_apart=True).assert_outcomes(passed=3)
