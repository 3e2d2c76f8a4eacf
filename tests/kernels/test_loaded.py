"""What is noted of CuPy's kernels: against CuPy itself as far as that goes without a device."""

from __future__ import annotations

import sys
import types

import pytest

from pytest_memguard.kernels.loaded import is_kernel, noting, read_kernel
from pytest_memguard.probes.device.cupy import cupy_unavailable

CODE = 'extern "C" __global__ void add(float* x) { *x += 1.0f; }'


class _RawKernel:
    """As cupy.RawKernel: made without a device, numbers from the driver."""

    binary_version, num_regs, local_size_bytes, shared_size_bytes, const_size_bytes = 90, 40, 16, 1024, 0

    def __init__(self, code, name, options=(), **more):
        self.code, self.name = code, name


class _RawModule:
    def __init__(self, *, code=None, **more):
        self.code = code

    def get_function(self, name):
        return _RawKernel(self.code, name)


@pytest.fixture
def stand_in(monkeypatch):
    cupy = types.ModuleType("cupy")
    cupy.RawKernel, cupy.RawModule = _RawKernel, _RawModule
    cupy.cuda = types.SimpleNamespace(nvrtc=types.SimpleNamespace(getVersion=lambda: (12, 8)))
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    return cupy


@pytest.fixture
def cupy():
    return pytest.importorskip("cupy", reason="CuPy comes with the gpu-check extra")


@pytest.fixture(params=["stand_in", "cupy"])
def either(request):
    return request.getfixturevalue(request.param)


def test_kernels_are_noted_while_it_lasts(either):
    before = either.RawKernel, either.RawModule
    early = either.RawModule(code=CODE)
    found = []
    with noting(found):
        made = either.RawKernel(CODE, "add")
        assert isinstance(made, before[0])
        assert isinstance(either.RawModule(code=CODE), before[1])
        assert isinstance(early, either.RawModule)
        assert issubclass(before[0], either.RawKernel)
        assert not is_kernel(early)
    assert (either.RawKernel, either.RawModule) == before
    either.RawKernel(CODE, "add")
    assert [name for name, _ in found] == ["add"]
    assert found[0][1] is made
    assert is_kernel(made)
    assert not is_kernel(early)


def test_functions_of_a_module_are_noted_by_the_name_they_were_asked_for(stand_in):
    found = []
    with noting(found):
        kernel = stand_in.RawModule(code=CODE).get_function("md::tile<float>")
    assert found == [("md::tile<float>", kernel)]


def test_it_ends_after_an_error(stand_in):
    with pytest.raises(ZeroDivisionError), noting([]):
        _ = 1 / 0
    assert (stand_in.RawKernel, stand_in.RawModule) == (_RawKernel, _RawModule)


def test_without_cupy_nothing_is_imported(monkeypatch):
    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    found = []
    with noting(found):
        pass
    assert not found
    assert not is_kernel(object())
    assert "cupy" not in sys.modules


@pytest.mark.usefixtures("stand_in")
def test_the_drivers_numbers():
    kernel = read_kernel("_ZN2md3addEPf", _RawKernel(CODE, "_ZN2md3addEPf"))
    assert str(kernel) == "kernel md::add, sm_90, loaded"
    assert kernel.probe == "kernel md::add sm_90 loaded-nvrtc12"
    assert (kernel.registers, kernel.spill_bytes, kernel.shared_bytes) == (40, 16, 1024)


def test_the_same_attributes_exist_in_cupy(cupy):
    taken = {name for name in vars(_RawKernel) if not name.startswith("_")}
    assert taken <= set(dir(cupy.RawKernel))
    assert len(cupy.cuda.nvrtc.getVersion()) == 2


def test_without_a_device_cupy_says_so(cupy):
    if cupy_unavailable() is None:
        pytest.skip("there is a CUDA device")
    with pytest.raises(cupy.cuda.runtime.CUDARuntimeError):
        read_kernel("add", cupy.RawKernel(CODE, "add"))


@pytest.mark.gpu
def test_a_device_agrees_with_the_compiler(cupy, nvrtc):
    from pytest_memguard.kernels import compile_kernels
    from pytest_memguard.kernels.source import Source

    loaded = read_kernel("add", cupy.RawModule(code=CODE).get_function("add"))
    source = Source(text=CODE, name="add.cu")
    (compiled,) = compile_kernels(source, architectures=[loaded.architecture])
    assert abs(loaded.registers - compiled.registers) <= 8
    assert (loaded.spill_bytes, loaded.shared_bytes) == (0, compiled.shared_bytes)
