"""The compiler itself, without a GPU."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pytest_memguard.kernels import ARCHITECTURES, CompileError, NvrtcMissing, compile_kernels
from pytest_memguard.kernels import nvrtc as nvrtc_module
from pytest_memguard.kernels.source import Source, read_source

TWO = """
__global__ void first(float* x) { x[threadIdx.x] += 1.0f; }
extern "C" __global__ void second(float* x) { x[threadIdx.x] *= 2.0f; }
"""


def compiled(text, **options):
    return compile_kernels(Source(text=text, name="kernels.cu"), **options)


@pytest.mark.usefixtures("nvrtc")
def test_every_kernel_for_every_architecture(sample):
    found = {(each.kernel, each.architecture): each for each in compile_kernels(read_source(sample))}
    names = {"scale", "spills", "calls", "md::reversed<float, 256>"}
    assert set(found) == {(name, architecture) for name in names for architecture in ARCHITECTURES}
    for architecture in ARCHITECTURES:
        assert found["spills", architecture].spill_bytes > 0
        assert found["scale", architecture].spill_bytes == 0
        assert found["scale", architecture].registers <= 16
        assert found["md::reversed<float, 256>", architecture].shared_bytes == 1024
        assert found["md::reversed<float, 256>", architecture].barriers in (1, None)
        assert found["calls", architecture].stack_bytes == 64


@pytest.mark.usefixtures("nvrtc")
def test_templates_are_named_as_they_were_asked_for(sample):
    names = ("md::reversed<double, 32 * 2>", "md::reversed<float, 256>")
    found = compile_kernels(read_source(sample), architectures=["sm_90"], names=names)
    assert {each.kernel: each.shared_bytes for each in found if each.shared_bytes} == {
        "md::reversed<double, 32 * 2>": 512,
        "md::reversed<float, 256>": 1024,
    }


@pytest.mark.usefixtures("nvrtc")
def test_two_kernels_in_one_source():
    assert {each.kernel for each in compiled(TWO, architectures=["sm_90"])} == {"first", "second"}


@pytest.mark.usefixtures("nvrtc")
def test_overloads_stay_apart():
    overloads = "__global__ void k(float* x) { *x = 1; } __global__ void k(double* x) { *x = 1; }"
    assert {each.kernel for each in compiled(overloads, architectures=["sm_90"])} == {"_Z1kPf", "_Z1kPd"}


@pytest.mark.usefixtures("nvrtc")
def test_options_reach_the_compiler(sample):
    def registers(*options):
        found = compile_kernels(read_source(sample), architectures=["sm_90"], options=options)
        return next(each.registers for each in found if each.kernel == "calls")

    assert registers("--maxrregcount=24") <= 24 < registers()
    with pytest.raises(CompileError, match=r"NVRTC \d+\.\d+, sm_90:\n(.*\n)*.*--no-such-option"):
        registers("--no-such-option")


@pytest.mark.usefixtures("nvrtc")
def test_headers_lie_beside_their_source(tmp_path):
    (tmp_path / "square.cuh").write_text("__device__ float square(float x) { return x * x; }\n")
    (tmp_path / "k.cu").write_text(
        '#include "square.cuh"\n__global__ void k(float* x) { *x = square(*x); }\n'
    )
    (kernel,) = compile_kernels(read_source(tmp_path / "k.cu"), architectures=["sm_90"])
    assert kernel.kernel == "k"


@pytest.mark.usefixtures("nvrtc")
def test_an_error_stands_at_the_authors_line():
    with pytest.raises(CompileError) as caught:
        compiled(TWO.replace("2.0f", "two"))
    assert 'kernels.cu(3): error: identifier "two" is undefined' in str(caught.value)
    assert "sm_75" in str(caught.value)


@pytest.mark.parametrize(
    ("where", "given"),
    [
        ("the source kernels.cu", {"text": f"{TWO}\0__global__ void third() {{}}"}),
        ("options", {"text": TWO, "options": ["-DX=\0"]}),
        ("names", {"text": TWO, "names": ["first\0"]}),
    ],
)
def test_what_a_compiler_would_cut_off_is_refused(where, given):
    with pytest.raises(ValueError, match=rf"got a NUL byte in {where}, accepted: text without one"):
        compiled(given.pop("text"), **given)


@pytest.mark.parametrize("name", ["options", "architectures", "names"])
def test_one_string_is_no_list(name):
    with pytest.raises(TypeError, match=f"{name}: got 'sm_90', accepted: a list of such strings"):
        compiled(TWO, **{name: "sm_90"})


def test_an_unknown_architecture_is_refused(nvrtc):
    for architecture in ("sm_1", "compute_90", "hopper"):
        with pytest.raises(ValueError, match=f"got architecture '{architecture}', accepted by NVRTC .*sm_90"):
            compiled(TWO, architectures=[architecture])
    with pytest.raises(ValueError, match="got no architecture, accepted"):
        compiled(TWO, architectures=[])
    assert set(ARCHITECTURES) <= set(nvrtc.architectures)


def test_a_missing_package_is_named_with_its_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "cuda.pathfinder", None)
    nvrtc_module.load_nvrtc.cache_clear()
    try:
        with pytest.raises(NvrtcMissing, match=r"pip install 'pytest-memguard\[gpu-check\]'"):
            compiled(TWO)
    finally:
        nvrtc_module.load_nvrtc.cache_clear()


def test_a_missing_library_is_named_with_its_remedy(monkeypatch):
    pathfinder = pytest.importorskip("cuda.pathfinder", reason="comes with the gpu-check extra")

    def missing(name):
        raise pathfinder.DynamicLibNotFoundError(f"Failure finding {name}\nAttempts: ...")

    monkeypatch.setattr(pathfinder, "load_nvidia_dynamic_lib", missing)
    nvrtc_module.load_nvrtc.cache_clear()
    try:
        with pytest.raises(
            NvrtcMissing, match=r"NVRTC.*cannot be loaded \(Failure finding nvrtc\): pip install"
        ):
            compiled(TWO)
    finally:
        nvrtc_module.load_nvrtc.cache_clear()


def test_neither_cupy_nor_a_driver_takes_part():
    program = (
        "import sys, pytest_memguard.kernels; "
        "assert not {'cupy', 'cuda', 'numpy'} & set(sys.modules), 'imported before anybody asked'"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
