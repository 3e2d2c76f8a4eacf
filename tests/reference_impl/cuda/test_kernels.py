"""What is read from `.cu` files, and what a launch refuses."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from reference_impl.cuda import NoDeviceError, all_kernels, kernels_of, launch
from reference_impl.dynamics import fcc_lattice, simulate


def test_parameters_are_those_of_the_text(tmp_path):
    file = tmp_path / "some.cu"
    file.write_text(
        "template <int N> __device__ void inner(float*);\n"
        'extern "C" __global__ void some(const float4* __restrict__ places,\n'
        "    long long count, double* sums,float scale) {}\n"
    )
    (kernel,) = kernels_of(file).values()
    assert (kernel.name, kernel.path) == ("some", file)
    assert [(p.name, p.dtype, p.is_pointer) for p in kernel.parameters] == [
        ("places", np.float32, True),
        ("count", np.int64, False),
        ("sums", np.float64, True),
        ("scale", np.float32, False),
    ]


def test_a_parameter_of_an_unknown_type(tmp_path):
    file = tmp_path / "some.cu"
    file.write_text('extern "C" __global__ void some(half* x) {}')
    with pytest.raises(ValueError, match=r"got parameter 'half\* x' of some, allowed types: int, long long"):
        kernels_of(file)


def test_files_are_header_free_and_names_are_their_own():
    kernels = all_kernels()
    paths = {kernel.path for kernel in kernels.values()}
    assert sum(len(kernels_of(path)) for path in paths) == len(kernels)
    for path in paths:
        assert "#include" not in path.read_text()


def test_launches_that_are_refused(cpu_device):
    good, wide = np.zeros(4, np.float32), np.zeros(4)
    with pytest.raises(
        TypeError, match="got 3 arguments for add_coalesced, allowed: first, second, sums, count"
    ):
        launch(cpu_device, "add_coalesced", 4, good, good, good)
    with pytest.raises(
        TypeError, match="got an array of float64 for second of add_coalesced, allowed: a C-cont"
    ):
        launch(cpu_device, "add_coalesced", 4, good, wide, good, 4)
    with pytest.raises(TypeError, match="got an array of float32 for first"):
        launch(cpu_device, "add_coalesced", 2, good[::2], good, good, 2)
    with pytest.raises(TypeError, match="got int for sums"):
        launch(cpu_device, "add_coalesced", 4, good, good, 7, 4)
    for block in (0, 33, 2048):
        with pytest.raises(ValueError, match=f"got block={block}, allowed: multiples of 32 up to 1024"):
            launch(cpu_device, "add_coalesced", 4, good, good, good, 4, block=block)


@pytest.mark.parametrize("count", [2**31, np.int64(2**31), -(2**31) - 1])
def test_numbers_that_the_kernel_cannot_hold_are_refused(cpu_device, count):
    some = np.zeros(4, np.float32)
    with pytest.raises(
        ValueError, match=f"got {count} for count of add_coalesced, allowed: -2147483648 to 2147"
    ):
        launch(cpu_device, "add_coalesced", 4, some, some, some, count)


def test_nothing_is_launched_for_no_threads(cpu_device):
    none = np.zeros(0, np.float32)
    launch(cpu_device, "add_coalesced", 0, none, none, none, 0)
    assert cpu_device.launched == []


def test_cupy_is_not_imported_before_it_is_asked_for():
    program = "import sys, reference_impl, reference_impl.cuda; print('cupy' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"


def test_without_cupy(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    positions, box = fcc_lattice(500, 0.8442)
    with pytest.raises(NoDeviceError, match="needs CuPy, which cannot be imported here"):
        simulate(positions, positions, box, steps=1, backend="cupy")
